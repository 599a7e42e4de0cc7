"""What people do around the migration of the example: configure it, agree to it, commit it.

They are played from outside, with plain gpg, git and the public commands, by whoever walks through
the example, and with the throw-away key of `keys`.  The library itself signs nothing by itself.
"""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sealwright import durable
from sealwright.example import keys, repository

CONFIG, PUBLIC, APPROVALS = "config/coo.yaml", "config/approvers.asc", "config/approvals"
MESSAGE = "Retire project_builder in favour of coo"
SAYS = {
    'legacy: ""\n': "legacy: project_builder\n",
    "governed: []\n": "governed: [docs/01_governance]\n",
    "amendments: []\n": "amendments: [config/amendments.yaml]\n",
    "modules: []\n": "modules: [{name: house, command: [python, -m, coo, docs/house.json]}]\n",
}
_ASKED = "# approvals: {keys: [FINGERPRINT], public: config/approvers.asc}\n"
_MORE = """
# The implementation pack of the migration bundle.
migration_bundle: {implementation_pack: docs/plan.md}
"""


def configure(example: Path, fingerprint: str, public: bytes) -> None:
    """Say in the configuration what is to be retired, and who may agree to it."""
    text = (example / CONFIG).read_text()
    named = f"approvals: {{keys: [{fingerprint}], public: {PUBLIC}}}\n"
    for old, new in {**SAYS, _ASKED: named}.items():
        text = text.replace(old, new)
    durable.write(example / CONFIG, (text + _MORE).encode())
    durable.write(example / PUBLIC, public)
    print(f"operator: says in {CONFIG} what is retired, and who may agree to it")


def waiting(steps: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield what steps wait for: the name of each approval, and the text that has to be signed."""
    for step in steps:
        if step["status"] == "waiting" and "which signs: " in step["message"]:
            where, _, rest = step["message"].partition(": expected an approval")
            text = rest.partition("which signs: ")[2].splitlines()[0]
            yield Path(where).stem, text


def agree(example: Path, name: str, text: str) -> None:
    """Write the text of an approval, and sign it with plain gpg."""
    place = example / APPROVALS / f"{name}.json"
    durable.mkdir(place.parent)
    durable.write(place, f"{text}\n".encode())
    print(f"operator: printf '%s\\n' {shlex.quote(text)} > {APPROVALS}/{name}.json")
    with tempfile.TemporaryDirectory(prefix="sw-") as folder:
        home, key = Path(folder), str(keys.secret(example))
        keys.run(home, "gpg", "--batch", "--quiet", "--import", key)
        argv = ("gpg", "--batch", "--yes", "--armor", "--detach-sign", str(place))
        print(f"operator: gpg --armor --detach-sign {APPROVALS}/{name}.json")
        keys.run(home, *argv)
        keys.run(home, "gpgconf", "--kill", "all")


def commit(example: Path) -> None:
    """Commit what the migration left."""
    print(f"operator: git add --all && git commit --message {shlex.quote(MESSAGE)}\n")
    repository.commit(example, MESSAGE, repository.FIRST)
