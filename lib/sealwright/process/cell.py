"""Confinement: no network where the system allows that, and no orphan of a killed Sealwright.

`confinement` is the argument vector that is put before a program's own.  The first use
brings a keeper: a shell in a network namespace of its own, which each program joins, and in
which there is nothing but its own loopback, where ``ip`` is there to bring it up.

    unshare --net -- sh -c …                              the keeper, as root
    unshare --user --map-current-user --keep-caps --net -- sh -c …      as anybody else
    nsenter --net=/proc/KEEPER/ns/net -- setpriv --pdeathsig KILL -- git status

Each line is one process, since each word executes the next in its own place.

When Sealwright is killed, the kernel kills what it started: ``setpriv`` asks for that.  It
holds for the program alone, and from the thread that started it, which waits in `run` for
exactly as long; it comes last since a change of credentials clears it.  What the program
had started itself is still in the namespace, whatever session, parent, environment and
descriptors it has now, and no other process is.  The keeper finds it there: it reads from a
pipe whose other end only Sealwright holds, and if that ends before a word came, it kills
everybody in its namespace and ends.  (Where it finds that its namespace is Sealwright's own,
it ends before it begins.)  A Sealwright that ends by itself says the word, and
daemons stay, such as an agent that serves the next run as well.

Confinement keeps honest programs honest.  It does not hold a hostile one, which may reach
Unix sockets by path, or, as root, join another network.  A program that hides from its own
user, as gpg-agent does, is found by root's keeper only; one that may use the network, and
all where namespaces are forbidden, have ``setpriv`` alone.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import subprocess
import threading
from dataclasses import dataclass

from sealwright.process.groups import GRACE
from sealwright.process.variables import allow_listed, find

_WAYS = (("--net",), ("--user", "--map-current-user", "--keep-caps", "--net"))
_KEEP = """
[ /proc/$PPID/ns/net -ef /proc/$$/ns/net ] && exit
trap '' HUP INT TERM
ip link set lo up 2>/dev/null
echo
read -r word && exit
left=1
while [ "$left" ]; do
    left=
    for place in /proc/[0-9]*; do
        pid=${place#/proc/}
        if [ "$pid" != $$ ] && [ "$place/ns/net" -ef /proc/$$/ns/net ]; then
            kill -KILL "$pid" && left=1
        fi
    done
    [ "$left" ] && sleep 0.05
done
"""


@dataclass(frozen=True, slots=True)
class _Keeper:
    """The shell that keeps the namespace, if there is one, and how a program joins it."""

    shell: subprocess.Popen[bytes] | None = None
    prefix: tuple[str, ...] = ()

    def dead(self) -> bool:
        return self.shell is not None and self.shell.poll() is not None

    def dismiss(self) -> None:
        """Say the word, and see the shell end."""
        if self.shell is not None and self.shell.stdin is not None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self.shell.communicate(b"done\n", timeout=GRACE)


_keeper: _Keeper | None = None
_guard = threading.Lock()


def confinement(*, network: bool = False) -> tuple[str, ...]:
    """Return what to put before an argument vector: no network unless asked for, no orphan."""
    return (() if network else _cut_off()) + _bound()


def isolated() -> bool:
    """Return whether programs run without ``network`` really have none."""
    return bool(_cut_off())


def _cut_off() -> tuple[str, ...]:
    """Return how to join the keeper; one that died, or is another process's, is replaced."""
    global _keeper
    with _guard:
        if _keeper is None or _keeper.dead():
            _keeper = _begun()
        return _keeper.prefix


def _begun() -> _Keeper:
    """Begin a keeper in the first way that works here: as root, or as anybody."""
    for way in _WAYS:
        shell = _shell(*way)
        if shell is None:
            continue
        place = f"/proc/{shell.pid}/ns"
        user = ("--preserve-credentials", f"--user={place}/user") if "--user" in way else ()
        if prefix := _working("nsenter", *user, f"--net={place}/net", unlike=_network()):
            return _Keeper(shell, prefix)
        _Keeper(shell).dismiss()
    return _Keeper()


def _shell(*way: str) -> subprocess.Popen[bytes] | None:
    """Return a shell that keeps new namespaces, or none where that is forbidden."""
    env = allow_listed()
    unshare, sh = find("unshare", env), find("sh", env)
    if unshare is None or sh is None:
        return None
    argv = [str(unshare), *way, "--", str(sh), "-c", _KEEP]
    try:
        shell = subprocess.Popen(
            argv,
            cwd="/",
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:  # no more processes, for example
        return None
    assert shell.stdout is not None
    with shell.stdout as said:
        kept = said.read(1) != b""
    shell.stdout = None
    if not kept:
        _Keeper(shell).dismiss()
    return shell if kept else None


@functools.cache
def _bound() -> tuple[str, ...]:
    return _working("setpriv", "--pdeathsig", "KILL")


def _network() -> str:
    """Return the name of the network namespace that we are in, or nothing if it has none."""
    try:
        return os.readlink("/proc/self/ns/net")
    except OSError:
        return ""


def _working(program: str, *options: str, unlike: str = "") -> tuple[str, ...]:
    """Return a prefix if a program runs behind it, and, where asked, in another network."""
    env = allow_listed()
    place, probe = find(program, env), find("readlink", env)
    if place is None or probe is None:
        return ()
    prefix = (str(place), *options, "--")
    question = [*prefix, str(probe), "/proc/self/ns/net"]
    try:
        done = subprocess.run(question, env=env, capture_output=True, timeout=GRACE, check=True)
    except (OSError, subprocess.SubprocessError):  # forbidden, unknown option, no /proc
        return ()
    return () if done.stdout.decode().strip() == unlike else prefix


@atexit.register
def _dismiss() -> None:
    if _keeper is not None:
        _keeper.dismiss()


def _forget() -> None:
    """In a fork: the keeper is the parent's, whose end it waits for."""
    global _keeper, _guard
    if _keeper is not None and _keeper.shell is not None and _keeper.shell.stdin is not None:
        _keeper.shell.stdin.close()
        _keeper.shell.returncode = 0
    _keeper, _guard = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
