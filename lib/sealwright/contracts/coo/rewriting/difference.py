"""The difference that edits make to a file, as git writes it; `git apply` takes it.

>>> print(unified(RelPath("t.py"), b"import old\\n", [Edit(7, 10, b"coo", "R1")]).decode(), end="")
diff --git a/t.py b/t.py
--- a/t.py
+++ b/t.py
@@ -1 +1 @@
-import old
+import coo
"""

from __future__ import annotations

from collections.abc import Sequence

from sealwright.contracts.coo.amendments.draft import Draft, Kept
from sealwright.contracts.coo.amendments.patch import patch
from sealwright.contracts.coo.rewriting.references import Edit, splice
from sealwright.paths import RelPath


def unified(path: RelPath, data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return the patch of one file; a byte is a letter of Latin-1, so that any bytes pass."""
    kept: list[Kept] = []
    here = there = 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        if edit.start > here:
            kept.append(Kept(here, there, edit.start - here))
        there += edit.start - here + len(edit.new)
        here = edit.end
    if here < len(data):
        kept.append(Kept(here, there, len(data) - here))
    draft = Draft(data.decode("latin-1"), splice(data, edits).decode("latin-1"), tuple(kept))
    return patch(path, draft).encode("latin-1")
