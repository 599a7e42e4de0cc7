"""Restore: decrypt into a new folder, verify, and only then give the folder its name.

What is decrypted goes through a pipe into our own extractor (see `archive`), which takes
nothing but the one spelling of an archive: no links, no devices, no way out.  Until GnuPG has
said that the message was whole, and the archive's digest is that of the manifest, the
files lie in ``.<name>.restoring`` beside the new folder, and go if anything is wrong.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Any

from sealwright import archive, durable, gpg, snapshot
from sealwright.errors import Damaged, Refused
from sealwright.gpg import Passphrase, Ring
from sealwright.snapshot import verification


def restore(
    folder: Path, target: Path, ring: Ring, passphrase: Passphrase = None
) -> dict[str, Any]:
    """Restore the snapshot in ``folder`` as the new folder ``target``; return its manifest."""
    about, verdict = verification.alone(folder)
    verdict.enforce(Damaged)
    if os.path.lexists(target):
        raise Refused(f"{target}: expected a new folder, found something there; name another")
    staged = target.with_name(f".{target.name}.restoring")
    if os.path.lexists(staged):
        raise Refused(f"{staged}: is left of a restore that was cut off; remove it, then restore")
    durable.mkdir(staged)
    try:
        with open(folder / snapshot.ENCRYPTED, "rb") as source:
            got = _Passage(source, ring, passphrase).into(staged)
        _compare(folder, about, got)
        durable.rename(staged, target)
    except BaseException:
        durable.remove(staged)
        raise
    return about


def _compare(folder: Path, about: dict[str, Any], got: archive.Extracted) -> None:
    found = {"archive_plain_sha256": got.sha256, "total_plain_bytes": got.bytes}
    for name, value in {**found, "file_count": got.files}.items():
        if about[name] != value:
            what = f"{name}: expected {about[name]}, found {value}"
            raise Damaged(f"{folder / snapshot.ENCRYPTED}: {what}; it is another archive")


class _Passage:
    """GnuPG writes plaintext in one thread, the extractor reads it in another."""

    def __init__(self, source: Any, ring: Ring, passphrase: Passphrase) -> None:
        self._source, self._ring, self._passphrase = source, ring, passphrase
        self._problem: BaseException | None = None

    def into(self, folder: Path) -> archive.Extracted:
        """Extract everything into ``folder``; what GnuPG complains of comes first."""
        reader, writer = os.pipe()
        thread = threading.Thread(target=self._decrypt, args=(writer,), daemon=True)
        thread.start()
        try:
            with contextlib.closing(os.fdopen(reader, "rb")) as plain:
                got = archive.extract(plain.read, folder)
        except BaseException:
            thread.join()
            if self._problem and not isinstance(self._problem, BrokenPipeError):
                raise self._problem from None
            raise
        thread.join()
        if self._problem:
            raise self._problem
        return got

    def _decrypt(self, writer: int) -> None:
        try:
            with open(writer, "wb", buffering=0) as sink:
                gpg.decrypt(
                    self._ring, self._source, lambda piece: _whole(sink, piece), self._passphrase
                )
        except BaseException as problem:
            self._problem = problem


def _whole(sink: Any, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[sink.write(rest) :]
