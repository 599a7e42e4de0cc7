"""The proof that one run of one step leaves, and the folder where such proofs are kept.

A receipt is one line of canonical JSON in a file named by the SHA-256 of that file, in a
folder of the name's first two digits, so that ``sha256sum`` checks it:

``format``      ``sealwright/receipt/1``
``step``        the step's name
``run``         the id of the run: the instant, and the head of the journal it began at
``status``      ``ok``, or ``accepted`` where a person adopted an output (with ``reason``)
``definition``  see `definition`
``inputs``      observations taken before the act, which held after it (see `observer`)
``outputs``     observations of what the act left; a transition's has ``was`` beside ``is``
``evidence``    what the act answered
``started_at``  the run's instant, and ``milliseconds`` the act took
``exit``        0: an act that ends otherwise leaves no receipt, but a line in the journal
``log``         the SHA-256 of what the act's programs printed
``attempt``     ``{name, identity, closed}`` for a step that belongs to one

Listings of trees lie beside the receipts under their digests, so that a difference can be
told by name.  Nothing here is absolute, and nothing is ever changed: a later run adds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sealwright import digest, durable
from sealwright.digest import Digest
from sealwright.errors import Damaged
from sealwright.runtime import canonical

FORMAT = "sealwright/receipt/1"
Receipt = dict[str, Any]
_FIELDS = {"format", "step", "run", "status", "definition", "inputs", "outputs", "started_at"}


def parse(data: bytes, name: Digest, *, strict: bool = True) -> Receipt:
    """Return the receipt in ``data``, or raise `Damaged` if it is not the one called ``name``.

    Without ``strict`` the bytes need not be canonical: those of the index are believed for
    what is stale, and `doit verify` reads the files.
    """
    if (found := digest.sha256(data)) != name:
        raise Damaged(f"receipt {name}: expected bytes of that digest, found {found}")
    try:
        receipt = canonical.decode_line(data) if strict else json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"receipt {name}: {error}") from None
    if not (isinstance(receipt, dict) and receipt.keys() >= _FIELDS):
        raise Damaged(f"receipt {name}: expected the fields of {FORMAT}")
    if receipt["format"] != FORMAT:
        raise Damaged(f"receipt {name}: expected {FORMAT}, found {receipt['format']!r}")
    return receipt


class Receipts:
    """The receipts and listings below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: Digest) -> Path:
        """Return where the receipt or listing called ``name`` lies."""
        digits = digest.hexadecimal(name)
        suffix = "json" if name.startswith("sha256:") else "tree"
        return self._folder / digits[:2] / f"{digits}.{suffix}"

    def put(self, receipt: Receipt) -> Digest:
        """Keep a receipt and return its name; one that is there already is left alone."""
        return self._keep(digest.sha256(data := canonical.line(receipt)), data)

    def put_listing(self, listing: bytes, apart: Path | None) -> Digest:
        """Keep the listing of a tree and return its name; it is written in ``apart``."""
        return self._keep(digest.blake3(listing), listing, apart)

    def get(self, name: Digest) -> Receipt:
        """Return the receipt called ``name``; `Damaged` if it is gone or not itself."""
        return parse(self._read(name), name)

    def listing(self, name: Digest) -> bytes | None:
        """Return a listing, or None if it was never kept or is not itself any more."""
        try:
            data = self._read(name)
        except Damaged:
            return None
        return data if digest.blake3(data) == name else None

    def _read(self, name: Digest) -> bytes:
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            raise Damaged(f"receipt {name}: is gone from {self._folder}") from None

    def _keep(self, name: Digest, data: bytes, apart: Path | None = None) -> Digest:
        path = self.path(name)
        if not (path.exists() and path.read_bytes() == data):
            durable.mkdir(path.parent)
            durable.write(path, data, apart=apart)
        return name
