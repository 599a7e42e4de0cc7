"""The one module that changes the file system, and what survives a power cut.

Every function returns only when what it did is durable, and does it so that another
process sees the state before or the state after, never between:

``write``      temporary file in the same folder, write, fsync, rename, fsync of the folder
``append``     one write at the end, fdatasync; a short write is taken back and raised
``rename``     renameat2(RENAME_NOREPLACE), fsync of both folders
``exchange``   renameat2(RENAME_EXCHANGE), fsync of both folders
``sync_tree``  fsync of each file and folder, or one syncfs when there are many

Modes are set, not asked of the umask: 0644, or 0755 where the owner may execute.  An
error of fsync is final: the kernel may have dropped the pages, so nothing is retried.
All calls that change anything go through `system`, one object, so that a test can make
the n-th of them fail, or keep it from reaching the disk.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from sealwright.digest import PIECE, Hasher, Sums
from sealwright.errors import Refused

_NOREPLACE, _EXCHANGE = 1, 2
_AT_FDCWD = -100
_FICLONE = 0x40049409  # linux/fs.h
_SOON, _BEGIN = 1 << 24, 2  # bytes after which writing them back begins
_MANY = 64  # from here on one syncfs is cheaper than an fsync for each file
_NEW = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_libc = ctypes.CDLL(None, use_errno=True)


class System:
    """The calls that change the file system, and nothing else."""

    open = staticmethod(os.open)
    write = staticmethod(os.write)
    truncate = staticmethod(os.ftruncate)
    fsync = staticmethod(os.fsync)
    fdatasync = staticmethod(os.fdatasync)
    replace = staticmethod(os.rename)
    unlink = staticmethod(os.unlink)
    rmdir = staticmethod(os.rmdir)
    mkdir = staticmethod(os.mkdir)
    symlink = staticmethod(os.symlink)
    chmod = staticmethod(os.chmod)  # takes a descriptor as well as a path
    utime = staticmethod(os.utime)

    @staticmethod
    def clone(source: int, target: int) -> None:
        """Let the file ``target`` share all blocks of ``source``, where the file system can."""
        fcntl.ioctl(target, _FICLONE, source)

    @staticmethod
    def rename(source: Path, target: Path, flags: int) -> None:
        """Call renameat2 with ``flags``."""
        names = os.fsencode(source), os.fsencode(target)
        if _libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], flags):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(source), None, str(target))

    @staticmethod
    def syncfs(descriptor: int) -> None:
        """Write back everything of the file system that ``descriptor`` lies on."""
        if _libc.syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


system = System()


@contextlib.contextmanager
def _opened(path: Path, flags: int, mode: int = 0o666) -> Iterator[int]:
    descriptor = system.open(path, flags, mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes | memoryview) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[system.write(descriptor, rest) :]


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    with _opened(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) as descriptor:
        system.fsync(descriptor)


def mkdir(path: Path, mode: int = 0o755) -> None:
    """Make the folder ``path`` and those above it; one that exists is left as it is."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):
            system.mkdir(folder, mode)
        sync_folder(folder.parent)


def write(
    path: Path, data: bytes, *, mode: int = 0o644, replace: bool = True, apart: Path | None = None
) -> None:
    """Write a file whole; without ``replace`` an existing one raises `FileExistsError`.

    Until it has its name it lies in ``apart``, a folder of the same file system that goes after
    a kill, or else beside its place, where the next one of that name takes its place.
    """
    staged = (apart or path.parent) / f".{path.name}.tmp"
    try:
        with _opened(staged, _NEW | os.O_TRUNC) as descriptor:
            _write_all(descriptor, data)
            system.chmod(descriptor, mode)
            system.fsync(descriptor)
        if replace:
            system.replace(staged, path)
        else:
            system.rename(staged, path, _NOREPLACE)
    except OSError:
        with contextlib.suppress(OSError):
            system.unlink(staged)
        raise
    sync_folder(path.parent)


def create(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file of a staging folder that nobody else sees; `sync_tree` makes it durable."""
    with _opened(path, _NEW | os.O_EXCL) as descriptor:
        _write_all(descriptor, data)
        system.chmod(descriptor, mode)


def create_folders(path: Path) -> None:
    """Make a folder, and those above it, where nobody else looks; `sync_tree` makes it durable."""
    if not path.is_dir():
        create_folders(path.parent)
        with contextlib.suppress(FileExistsError):
            system.mkdir(path, 0o755)


class Growing:
    """A new file that is written piece by piece.

    What was written goes to the disk meanwhile, so that the sync at the end has little to do.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._started = 0
        self.size = 0

    def write(self, piece: bytes | memoryview) -> None:
        """Add the next bytes."""
        _write_all(self._descriptor, piece)
        self.size += len(piece)
        if self.size - self._started >= _SOON:
            _libc.sync_file_range(
                self._descriptor, ctypes.c_int64(self._started), ctypes.c_int64(_SOON), _BEGIN
            )
            self._started += _SOON


@contextlib.contextmanager
def growing(path: Path, *, mode: int = 0o644) -> Iterator[Growing]:
    """Make a file of a staging folder, as `create` does, from pieces that are not known yet."""
    with _opened(path, _NEW | os.O_EXCL) as descriptor:
        yield Growing(descriptor)
        system.chmod(descriptor, mode)


def touch(path: Path) -> None:
    """Set a file's times to the file system's own now, making it where it is missing."""
    with _opened(path, _NEW) as descriptor:
        system.utime(descriptor)


def append(path: Path, data: bytes) -> int:
    """Add ``data`` to the end of a file in one write; return the offset where it begins."""
    with _opened(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC) as descriptor:
        offset = os.fstat(descriptor).st_size
        try:
            written = system.write(descriptor, data)
            if written != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        except OSError:
            system.truncate(descriptor, offset)
            system.fsync(descriptor)
            raise
        system.fdatasync(descriptor)
    return offset


def truncate(path: Path, size: int) -> None:
    """Cut a file to its first ``size`` bytes."""
    with _opened(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC) as descriptor:
        system.truncate(descriptor, size)
        system.fsync(descriptor)


def copy(source: Path, target: Path, *, both: bool = True) -> Sums:
    """Copy a regular file to a new place, hashing what is written; the owner's x bit is kept.

    `Refused` if the source is no regular file or changes while it is read.
    """
    with _opened(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK) as reader:
        before = os.fstat(reader)
        if not stat.S_ISREG(before.st_mode):
            raise Refused(f"{source}: expected a regular file, found {kind(before.st_mode)}")
        hasher, buffer = Hasher(both), memoryview(bytearray(PIECE))
        with _opened(target, _NEW | os.O_EXCL) as writer:
            while count := os.readv(reader, [buffer]):
                hasher.update(buffer[:count])
                _write_all(writer, buffer[:count])
            system.chmod(writer, 0o755 if before.st_mode & stat.S_IXUSR else 0o644)
        after = os.fstat(reader)
    if (before.st_size, before.st_mtime_ns) != (hasher.size, after.st_mtime_ns):
        raise Refused(f"{source}: changed while it was copied; try again when nothing writes to it")
    return hasher.sums()


def clone(source: Path, target: Path) -> None:
    """Copy a file as `copy` does, but share its blocks where the file system can do that."""
    with _opened(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK) as reader:
        mode = os.fstat(reader).st_mode
        if stat.S_ISREG(mode):
            with _opened(target, _NEW | os.O_EXCL) as writer, contextlib.suppress(OSError):
                system.clone(reader, writer)
                system.chmod(writer, 0o755 if mode & stat.S_IXUSR else 0o644)
                return
            system.unlink(target)
    copy(source, target, both=False)


def set_mode(path: Path, mode: int) -> None:
    """Set all twelve bits of a file's or folder's permissions, never through a link.

    It needs no permission to read; `sync_tree` makes it durable.
    """
    with _opened(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC) as descriptor:
        if stat.S_ISLNK(os.fstat(descriptor).st_mode):
            raise Refused(f"{path}: expected a file or folder, found a symbolic link")
        system.chmod(f"/proc/self/fd/{descriptor}", mode)


def kind(mode: int) -> str:
    """Return what a file of this ``st_mode`` is, in words."""
    words = {
        stat.S_IFREG: "a regular file",
        stat.S_IFDIR: "a folder",
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
    }
    return words.get(stat.S_IFMT(mode), "a device")


def rename(source: Path, target: Path) -> None:
    """Give ``source`` the name ``target``; an existing one raises `FileExistsError`."""
    system.rename(source, target, _NOREPLACE)
    _sync_both(source, target)


def rename_closed(source: Path, target: Path) -> None:
    """As `rename`, also of a folder that may not be written to; a crash may leave it open."""
    mode = os.lstat(source).st_mode
    if closed := stat.S_ISDIR(mode) and not mode & stat.S_IWUSR:
        set_mode(source, stat.S_IMODE(mode) | stat.S_IWUSR)
    rename(source, target)
    if closed:
        set_mode(target, stat.S_IMODE(mode))


def publish(source: Path, target: Path) -> None:
    """Give ``source`` the name ``target``, in place of what stands there; may be lost."""
    mkdir(target.parent)
    system.replace(source, target)


def exchange(one: Path, other: Path) -> None:
    """Swap what stands at two places, whatever it is."""
    system.rename(one, other, _EXCHANGE)
    _sync_both(one, other)


def _sync_both(one: Path, other: Path) -> None:
    sync_folder(other.parent)
    if one.parent != other.parent:
        sync_folder(one.parent)


def symlink(text: str, path: Path) -> None:
    """Make ``path`` a symbolic link that says ``text``, in place of what stands there."""
    staged = path.parent / f".{path.name}.tmp"
    with contextlib.suppress(FileNotFoundError):
        system.unlink(staged)
    system.symlink(text, staged)
    system.replace(staged, path)
    sync_folder(path.parent)


def normalize(top: Path) -> None:
    """Set the modes of everything at and under ``top``: 0755 for folders and programs, else 0644.

    What is neither a file nor a folder is left alone: it has no mode, or no place in a tree.
    """
    for folder, _, names in os.walk(top):
        _set_mode(folder)
        for name in names:
            _set_mode(os.path.join(folder, name))
    if not top.is_dir():
        _set_mode(str(top))


def _set_mode(path: str) -> None:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    wanted = 0o755 if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0o644
    if (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and stat.S_IMODE(mode) != wanted:
        system.chmod(path, wanted)


def remove(path: Path) -> None:
    """Remove a file, a link or a whole tree; nothing there is fine."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        _remove_tree(path)
    else:
        system.unlink(path)
    sync_folder(path.parent)


def _remove_tree(path: Path) -> None:
    try:
        _empty(path)
    except PermissionError:  # a folder that may not be written to
        set_mode(path, stat.S_IRWXU)
        _empty(path)
    system.rmdir(path)


def _empty(path: Path) -> None:
    with os.scandir(path) as found:
        entries = list(found)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            _remove_tree(Path(entry.path))
        else:
            system.unlink(entry.path)


def sync_tree(top: Path) -> None:
    """Make everything at and under ``top`` durable, but not yet the name of ``top`` itself."""
    folders, files = [], []
    for folder, _, names in os.walk(top):
        folders.append(folder)
        files += [os.path.join(folder, name) for name in names]
    if len(files) + len(folders) > _MANY:
        with _opened(top, os.O_RDONLY | os.O_CLOEXEC) as descriptor:
            system.syncfs(descriptor)
        return
    for place in [*files, *reversed(folders)] or [str(top)]:
        mode = os.lstat(place).st_mode
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode):  # opening a pipe would wait for a writer
            with _opened(Path(place), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC) as descriptor:
                system.fsync(descriptor)
