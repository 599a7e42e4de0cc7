"""An encrypted snapshot of a folder of N files, beside what else makes one.

One file in a thousand is large; the others hold 1 to 8 KiB, each size as likely as any other,
and all of them N times 20,000 bytes: 1 GB where N is 50,000.  The bytes are the same each time.
The folder is an extra root of a repository with one chain from raw input to work order.  Every
turn begins with nothing where it writes and with all that it reads in the page cache, which
not every tool leaves there; what it wrote is synced before its time is up.  So, unlike all
others, these figures hold what a disk takes.

``export`` is `exporting.export` in a process of its own, and what others make of the same
folder: GNU tar and Python's tarfile, through sha256sum and ``gpg -z0`` for the same recipient;
restic and borg, into a new repository with a password, made before, neither of which
compresses.  Ours and the archives are looked at in the first turn: what gpg decrypts is what
the digest was told of, and holds all files.  Restic and borg must say that they took all.

``all`` is that export beside the rest of ours: ``doit snapshot_export``, which has the lineage
checked, hashes the extra root for its receipt and records it all, without a stat cache; the
verification without a key, which makes the archive again; the restoring into a new folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import contest, exports, manifests, measure
from benchmarks.contest import Row
from benchmarks.measure import Sample, Wrong
from benchmarks.peers import OURS, find, said
from sealwright import __version__, gpg, setup

SIZES = (50_000,)
EACH, LARGE = 20_000, 1_000  # bytes of a file on an average; one of so many is large
EXPORT, TAR, TARFILE = "Sealwright", "tar, sha256sum, gpg", "tarfile, sha256sum, gpg"
RESTIC, BORG = "restic backup", "borg create"
DOIT, VERIFY, RESTORE = "doit snapshot_export", "verification", "restoring"
KEPT = (".adam_os", ".sealwright")  # what an export changes
GNU_TAR = "tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - data"
PYTHON_TAR = """
import os, sys, tarfile
def plain(info):
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    return info
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as out:
    for here, folders, names in os.walk("data"):
        folders.sort()
        for name in sorted(names):
            out.add(os.path.join(here, name), filter=plain)
"""
CONFIG = """
inputs: {{plan: docs/plan.md}}
snapshots: {{recipients: [{0}], public: config/snapshots.asc, extra_roots: [data]}}
"""
Take = Callable[[int], Sample]


@dataclass(frozen=True, slots=True)
class Ground:
    """The repository, where exports go, a GnuPG home, whose key is in it, and how many files."""

    root: Path
    out: Path
    home: Path
    recipient: str
    files: int

    def clear(self) -> None:
        """Leave nothing of an earlier turn, nor anything that would be written back or read now."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        os.sync()
        self.shell(f"find {self.root / exports.EXTRA} -type f -exec cat {{}} + >/dev/null")

    def program(self, what: str, *words: str | Path) -> Sample:
        argv = [sys.executable, exports.__file__, what, *map(str, words)]
        return measure.once(argv, self.root)

    def shell(self, line: str) -> Sample:
        return measure.once(["/bin/bash", "-o", "pipefail", "-euc", line], self.root)

    def told(self, line: str) -> str:
        return self.shell(line).printed.split()[0]


@contextlib.contextmanager
def ground(folder: Path, files: int) -> Iterator[Ground]:
    """Write the files and the repository, and run all that comes before an export."""
    root = folder / "repository"
    with tempfile.TemporaryDirectory(prefix="sw-") as short:
        (home := Path(short, "home")).mkdir(mode=0o700)
        with gpg.Ring(home) as ring:
            key = ring.make_throwaway(gpg.EXAMPLE)
            public = ring.program.export_keys(key)
        texts = {"docs/plan.md": "# Plan\n", exports.PUBLIC: public}
        contest.write(root, {**texts, "config/work_orders.yaml": CONFIG.format(key)}.items())
        setup.init(root, ["work_orders"])
        write(root / exports.EXTRA, files)
        measure.once([*(OURS.command() or ()), "work_order_emit"], root)
        yield Ground(root, folder / "out", home, key, files)


def write(folder: Path, files: int) -> None:
    """Write the files of the extra root."""
    source = random.Random("sealwright")
    sizes = [source.randint(1 << 10, 8 << 10) for _ in range(files)]
    small = sum(size for number, size in enumerate(sizes) if number % LARGE)
    sizes[::LARGE] = [(files * EACH - small) // len(sizes[::LARGE])] * len(sizes[::LARGE])
    for number, size in enumerate(sizes):
        manifests.put(folder, number, b"".join(manifests.pieces(source, size)))


def ours(on: Ground) -> Take:
    """Return our export."""
    made = on.out / "snapshot"

    def take(turn: int) -> Sample:
        on.clear()
        sample = on.program("export", on.root, on.recipient, made)
        if not turn:
            about = json.loads((made / "snapshot_manifest.json").read_bytes())
            agree(on, EXPORT, made / "snapshot.enc", about["archive_plain_sha256"])
        return sample

    return take


def piped(on: Ground, name: str, archive: str) -> Take:
    """Return an archive through a pipe: ``archive | tee >(sha256sum) | gpg -z0``.

    The sum is read from a named pipe, so that its end is waited for.
    """
    out, pipe, total = (on.out / name for name in ("enc", "pipe", "sum"))
    encrypt = f"{_gpg(on)} -z 0 --encrypt --recipient {on.recipient} --output {out}"
    line = (
        f"mkfifo {pipe}; sha256sum <{pipe} >{total} & "
        f"{archive} | tee {pipe} | {encrypt}; wait; sync {out}"
    )

    def take(turn: int) -> Sample:
        on.clear()
        sample = on.shell(line)
        if not turn:
            agree(on, name, out, total.read_text().split()[0])
        return sample

    return take


def agree(on: Ground, name: str, encrypted: Path, expected: str) -> None:
    """See that a message holds the archive whose digest was told, and an archive all files."""
    decrypt = f"{_gpg(on)} --decrypt {encrypted}"
    if on.told(f"{decrypt} | sha256sum") != expected:
        raise Wrong(f"{name}: another archive than it says")
    held = int(on.told(f"{decrypt} | tar -t | grep -c '^data/.*[^/]$'"))
    if held != on.files:
        raise Wrong(f"{name}: {held} files, expected {on.files}")


def _gpg(on: Ground) -> str:
    return f"gpg --homedir {on.home} --batch --quiet --trust-model always"


def kept(on: Ground, name: str, prepare: str, line: str, told: str) -> Take:
    """Return a backup into a new repository; ``told`` finds how many files it says it took."""

    def take(turn: int) -> Sample:
        on.clear()
        on.shell(prepare)
        sample = on.shell(f"{line}; find {on.out} -type f -exec sync {{}} +")
        found = re.search(told, sample.printed)
        if found is None or int(found[1].replace(",", "")) != on.files:
            raise Wrong(f"{name}: expected {on.files} files\n{sample.printed[-2000:]}")
        return sample

    return take


def others(on: Ground) -> dict[str, Take]:
    """Return the peers that are there."""
    takes = {
        TAR: piped(on, TAR, GNU_TAR),
        TARFILE: piped(on, TARFILE, f"{sys.executable} -c {shlex.quote(PYTHON_TAR)}"),
    }
    if find("restic"):
        restic = f"restic --no-cache --repo {on.out}/restic --password-command 'echo example'"
        takes[RESTIC] = kept(
            on,
            RESTIC,
            f"{restic} init",
            f"{restic} --compression off backup data",
            r"Files: +(\d+) new",
        )
    if find("borg"):
        borg = f"export BORG_PASSPHRASE=example BORG_BASE_DIR={on.out}; borg"
        takes[BORG] = kept(
            on,
            BORG,
            f"{borg} init --encryption repokey {on.out}/borg",
            f"{borg} create --compression none --stats {on.out}/borg::one data",
            r"Number of files: (\d+)",
        )
    return takes


def rest(on: Ground) -> dict[str, Take]:
    """Return the rest of ours; each turn begins with the step, in the repository as it was."""
    for name in KEPT:
        shutil.copytree(on.root / name, on.root.parent / name, symlinks=True)

    def whole(_: int) -> Sample:
        on.clear()
        for name in KEPT:
            shutil.rmtree(on.root / name)
            shutil.copytree(on.root.parent / name, on.root / name, symlinks=True)
        (on.root / ".sealwright/stat.cache").unlink()
        os.sync()
        return measure.once([*(OURS.command() or ()), "snapshot_export"], on.root)

    def last() -> Path:
        return next(on.root.glob(".adam_os/artifacts/snapshots/*"))

    def restore(_: int) -> Sample:
        on.clear()
        return on.program("restore", last(), on.out / "restored", on.home)

    return {
        DOIT: whole,
        VERIFY: lambda _: on.program("verify", on.root, last()),
        RESTORE: restore,
    }


def run(sizes: Sequence[int], folder: Path, runs: int) -> list[Row]:
    """Return the rows of all sizes."""
    found: list[Row] = []
    for size in sizes or SIZES:
        with ground(folder / str(size), size) as on:
            figures = measure.interleaved({EXPORT: ours(on), **others(on)}, runs)
            found += contest.rows("export", size, figures, EXPORT)
            found += [
                contest.missing("export", size, name, "not installed")
                for name in (RESTIC, BORG)
                if name not in figures
            ]
            more = measure.interleaved(rest(on), runs)
            found += contest.rows("all", size, {EXPORT: figures[EXPORT], **more}, EXPORT)
        shutil.rmtree(folder / str(size))
    return found


def versions() -> Mapping[str, str]:
    """Return the versions of all programs."""
    asked = {"tar": "--version", "gpg": "--version", "restic": "version", "borg": "--version"}
    return {"Sealwright": __version__} | said(asked)
