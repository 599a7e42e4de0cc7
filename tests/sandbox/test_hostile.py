"""A hostile program sees, reaches and changes nothing that it was not given."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.sandbox.hostile import Ground, below, ground

DENIED = {"PermissionError", "OSError", "FileNotFoundError", "ProcessLookupError", "TimeoutError"}
DENIED |= {"ConnectionRefusedError"}
TRY = """
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *words):
    if getattr(libc, name)(*words) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
try:
    print({})
except Exception as error:
    print(type(error).__name__)
"""


def tried(where: Ground, what: str, *words: str) -> str:
    return where.says(TRY.format(what), *words)


@contextmanager
def listening(kind: int, address: object, family: int = socket.AF_INET) -> Iterator[socket.socket]:
    with socket.socket(family, kind) as server:
        server.bind(address)  # type: ignore[arg-type]
        if kind == socket.SOCK_STREAM:
            server.listen()
        yield server


def test_files_of_the_host_are_not_there(closed: Ground, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    private = [Path.home() / name for name in (".ssh", ".gnupg", ".config", ".bashrc")]
    for path in (secret, *private, Path("/etc/shadow"), Path("/etc/ssh"), tmp_path):
        assert tried(closed, f"os.stat({str(path)!r})") == "FileNotFoundError", path
    assert tried(closed, "sorted(os.listdir('/home'))") == str(sorted(["worker", *below("/home")]))
    assert tried(closed, "sorted(os.listdir('/tmp'))") == str(below("/tmp"))


def test_files_of_the_host_cannot_be_read_under_landlock_alone(tmp_path: Path) -> None:
    where, secret = ground(tmp_path / "x", "landlock"), tmp_path / "secret"
    secret.write_text("secret")
    assert tried(where, f"open({str(secret)!r}).read()") == "PermissionError"
    assert tried(where, f"os.listdir({str(tmp_path)!r})") == "PermissionError"
    assert tried(where, f"os.unlink({str(secret)!r})") == "PermissionError"
    assert tried(where, f"os.link({str(secret)!r}, 'link')") in DENIED
    os.symlink(secret, where.given / "link")
    assert tried(where, "open('link').read()") == "PermissionError"
    assert secret.read_text() == "secret"


def test_links_and_dots_lead_nowhere(closed: Ground, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    os.symlink(secret, closed.given / "link")
    assert tried(closed, "open('link').read()") == "FileNotFoundError"
    assert tried(closed, "open('../../../../../../..' + sys.argv[1]).read()", str(secret)) in DENIED
    assert tried(closed, "open('link', 'w').write('x')") in DENIED
    assert tried(closed, "open(f'/proc/1/root{sys.argv[1]}').read()", str(secret)) in DENIED
    assert secret.read_text() == "secret"


def test_no_socket_of_the_host_is_reached(closed: Ground, tmp_path: Path) -> None:
    with listening(socket.SOCK_STREAM, ("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert tried(closed, f"socket.create_connection(('127.0.0.1', {port}), 2)") in DENIED
    with listening(socket.SOCK_DGRAM, ("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        sending = f"socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))"
        assert tried(closed, sending) in DENIED
    name = f"\0sealwright-{os.getpid()}"
    with listening(socket.SOCK_STREAM, name, socket.AF_UNIX):
        reaching = f"socket.socket(socket.AF_UNIX).connect({name!r})"
        assert tried(closed, reaching) in DENIED
    place = str(tmp_path / "socket")
    with listening(socket.SOCK_STREAM, place, socket.AF_UNIX):
        assert tried(closed, f"socket.socket(socket.AF_UNIX).connect({place!r})") in DENIED
    assert tried(closed, "socket.create_connection(('192.0.2.1', 80), 2)") in DENIED
    assert tried(closed, "socket.if_nameindex()") == "[(1, 'lo')]"


def test_no_socket_of_the_host_is_reached_under_landlock_alone(tmp_path: Path) -> None:
    where = ground(tmp_path, "landlock")
    with listening(socket.SOCK_STREAM, ("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert tried(where, f"socket.create_connection(('127.0.0.1', {port}), 2)") in DENIED


def test_no_other_process_is_seen_or_signalled(closed: Ground) -> None:
    seen = tried(closed, "[n for n in os.listdir('/proc') if n.isdigit()]")
    assert seen == "['1', '2']"
    assert tried(closed, f"os.kill({os.getpid()}, 0)") in DENIED
    assert tried(closed, "os.kill(1, 9)") in DENIED


def test_the_host_cannot_be_signalled_under_landlock_alone(tmp_path: Path) -> None:
    where = ground(tmp_path, "landlock")
    assert tried(where, f"os.kill({os.getpid()}, 0)") == "PermissionError"


def test_process_1_keeps_to_itself(closed: Ground) -> None:
    for name in ("mem", "environ", "root", "cwd", "fd", "maps"):
        looking = f"os.listdir('/proc/1/{name}') if {name in ('fd', 'root', 'cwd')} else "
        assert tried(closed, f"{looking}open('/proc/1/{name}', 'rb').read(1)") in DENIED, name
    assert tried(closed, "call('ptrace', 16, 1, 0, 0)") in DENIED


def test_it_has_no_privilege_and_gains_none(closed: Ground) -> None:
    status = tried(closed, "open('/proc/self/status').read()")
    assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status
    assert tried(closed, "call('mount', b'x', b'/tmp', b'tmpfs', 0, None)") == "PermissionError"
    assert tried(closed, "call('umount2', b'/tmp', 2)") == "PermissionError"
    assert tried(closed, "call('unshare', 0x10000000)") in DENIED  # a namespace of its own
    assert tried(closed, "os.setuid(0)") == "PermissionError"
    assert tried(closed, "os.mknod('disk', 0o60600, os.makedev(254, 0))") == "PermissionError"
    assert tried(closed, "os.chroot('/tmp')") == "PermissionError"


def test_the_kernel_is_not_configured(closed: Ground) -> None:
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/swappiness"):
        assert tried(closed, f"open({path!r}, 'w').write('1')") in DENIED, path
    assert tried(closed, "os.listdir('/sys')") == "FileNotFoundError"


def test_only_its_own_folders_can_be_written(closed: Ground) -> None:
    code = """
import os
found = []
for folder, names, _ in os.walk("/"):
    if folder.startswith("/proc/"):
        names.clear()
    try:
        place = os.path.join(folder, ".probe")
        open(place, "w").close()
        os.unlink(place)
        found.append(folder)
    except OSError:
        pass
print(*sorted(found))
"""
    assert closed.says(code) == "/dev/shm /home/worker /task/target /tmp"


def test_its_name_is_nobodys_name(closed: Ground) -> None:
    assert tried(closed, "os.uname().nodename, os.getuid(), os.geteuid()") == "sandbox 1000 1000"


def test_standard_input_is_empty(every: Ground) -> None:
    assert every.says("import sys; print(repr(sys.stdin.read()), sys.stdin.isatty())") == "'' False"


def test_descriptors_of_others_are_not_inherited(every: Ground) -> None:
    with open("/etc/hostname") as file:
        os.set_inheritable(file.fileno(), True)
        code = "import os; print(*sorted(set(os.listdir('/proc/self/fd')) - set('0123')))"
        assert every.says(code) == ""
