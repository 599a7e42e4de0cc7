"""``inv snapshot.restore ID DIR`` and ``inv snapshot.decrypt ID``: what needs a secret key.

ID is a snapshot's id, or a folder that holds one.  The secret key is in a GnuPG home of the
person's own: ``--homedir``, else ``GNUPGHOME``, else ``~/.gnupg``.  If it has a passphrase,
gpg-agent asks for it; ``--passphrase-fd N`` reads it from an open descriptor instead.  It
comes neither from a command line nor from the environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from invoke import Collection, Context, Exit
from invoke.tasks import Task

from sealwright import gpg, process, snapshot
from sealwright.errors import Misconfigured, Refused, SealwrightError
from sealwright.gpg import Ring
from sealwright.snapshot import restoring, verification
from sealwright.step import World


def collection(world: World) -> Collection:
    """Return the tasks for the snapshots of one repository."""

    def restore(
        context: Context, id: str, dir: str, homedir: str = "", passphrase_fd: str = ""
    ) -> None:
        """Decrypt a snapshot into a new folder, verified before it gets its name."""

        def act(ring: Ring, secret: gpg.Passphrase) -> str:
            target = Path(dir).absolute()
            about = restoring.restore(_folder(world, id), target, ring, secret)
            return f"{target}: {about['file_count']} files, as {about['snapshot_id']} holds them"

        _attended(homedir, passphrase_fd, act)

    def decrypt(context: Context, id: str, homedir: str = "", passphrase_fd: str = "") -> None:
        """Decrypt a snapshot into nothing but its hash, and compare."""

        def act(ring: Ring, secret: gpg.Passphrase) -> str:
            verdict = verification.decrypted(_folder(world, id), ring, secret)
            sha256 = verdict.enforce()["archive_plain_sha256"]
            return f"{id}: decrypts to the archive {sha256}"

        _attended(homedir, passphrase_fd, act)

    made = Collection("snapshot")
    for body in (restore, decrypt):
        made.add_task(Task[Any](body, name=body.__name__))
    return made


def _folder(world: World, id: str) -> Path:
    named = Path(id)
    return named.resolve() if named.is_dir() else world.place(snapshot.FOLDER) / named.name


def _attended(homedir: str, passphrase_fd: str, act: Callable[[Ring, gpg.Passphrase], str]) -> None:
    """Do something with a person's own keys, and say how it went."""
    try:
        secret = _descriptor(passphrase_fd)
        with Ring(home(homedir)) as ring:
            print(act(ring, secret))
    except SealwrightError as problem:
        raise Exit(str(problem), problem.code) from None
    except OSError as problem:
        raise Exit(str(problem), Refused.code) from None


def _descriptor(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or int(text) > 1 << 16:
        raise Misconfigured(f"--passphrase-fd: expected a number, found {text!r}")
    os.fstat(int(text))
    return int(text)


def home(homedir: str) -> Path:
    """Return the GnuPG home of a person; `Refused` if there is none."""
    found = Path(homedir or process.environment().get("GNUPGHOME") or Path.home() / ".gnupg")
    if not found.is_dir():
        raise Refused(
            f"{found}: expected a GnuPG home with the secret key, found none; --homedir DIR"
        )
    return found.absolute()
