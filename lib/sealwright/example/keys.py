"""A throw-away key for the example, made by whoever walks through it, with plain gpg.

It is nobody's: its user id is ``EXAMPLE ONLY, NOT A PERSON``, it has no passphrase, and its
secret part lies in ``build/example-key.asc``, beside the example and not in it.  The example
then names it as the reader of its snapshots, in a commit of its own.
"""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path

from sealwright import durable, process
from sealwright.example import repository

CONFIG, PUBLIC = "config/work_orders.yaml", "config/snapshots.asc"
MESSAGE = "Name who can read snapshots"
_NOBODY = "snapshots:\n  recipients: []\n  public: null\n"
_GPG = ("gpg", "--batch", "--quiet", "--no-options", "--passphrase", "")


def secret(example: Path) -> Path:
    """Return where the secret key lies."""
    return example.with_name(f"{example.name}-key.asc")


def give(example: Path, more: Callable[[Path, str, bytes], None] | None = None) -> bool:
    """Give the example a reader of its snapshots, unless it has one; say what is typed.

    ``more`` is what else is done with fingerprint and public key, in the same commit.
    """
    config = example / CONFIG
    if _NOBODY not in (text := config.read_text()):
        return False
    fingerprint, public = _made(secret(example))
    durable.write(example / PUBLIC, public)
    named = f"snapshots:\n  recipients: [{fingerprint}]\n  public: {PUBLIC}\n"
    durable.write(config, text.replace(_NOBODY, named).encode())
    print(f"operator: names it in {CONFIG}, and its public key in {PUBLIC}")
    if more:
        more(example, fingerprint, public)
    print(f"operator: git add --all && git commit --message {shlex.quote(MESSAGE)}\n")
    repository.commit(example, MESSAGE, repository.FIRST)
    return True


def _made(place: Path) -> tuple[str, bytes]:
    """Make a key; keep its secret part at ``place``, return its fingerprint and public part."""
    with tempfile.TemporaryDirectory(prefix="sw-") as folder:
        home = Path(folder)
        asked = ("--quick-generate-key", repository.AUTHOR, "future-default", "default", "never")
        print(f"operator: {shlex.join((*_GPG, *asked))}")
        run(home, *_GPG, *asked)
        listed = run(home, *_GPG, "--with-colons", "--list-keys").decode()
        fingerprint = next(x.split(":")[9] for x in listed.splitlines() if x.startswith("fpr:"))
        hidden = run(home, *_GPG, "--armor", "--export-secret-keys", fingerprint)
        durable.write(place, hidden, mode=0o600)
        print(f"          whose secret part, which is worth nothing, lies in {place.name}")
        public = run(home, *_GPG, "--armor", "--export", fingerprint)
        run(home, "gpgconf", "--kill", "all")
    return fingerprint, public


def run(home: Path, *argv: str) -> bytes:
    """Run a program with a GnuPG home, and return what it prints."""
    environment = process.allow_listed(extra={"GNUPGHOME": str(home)})
    return process.run(argv, cwd=home, env=environment, timeout=300).out
