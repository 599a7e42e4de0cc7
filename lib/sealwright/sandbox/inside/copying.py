"""A tree is copied as it is, whatever is in it: names of any bytes, holes, links, odd files.

Nothing follows a symbolic link, and every step goes through a descriptor of the folder.  Bits
of permission become 0755 or 0644, or 0755 where the owner may execute.  A named pipe stands
where there was anything but a file, a folder or a link, so that it is seen that there was.
Two names of one file become two files.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable

DEEPEST = 200  # folders in one another; deeper is no tree that somebody works in
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE = 1 << 20

Own = Callable[[int], None]  # what is done to each new file and folder, by its descriptor


def copy(source: int, target: int, own: Own = lambda _: None, depth: int = 0) -> None:
    """Copy all that is in the folder ``source`` into the empty folder ``target``."""
    if depth > DEEPEST:
        raise OSError(errno.ELOOP, f"expected at most {DEEPEST} folders in one another, found more")
    with os.scandir(source) as found:
        entries = sorted(found, key=lambda entry: os.fsencode(entry.name))
    for entry in entries:
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            _folder(source, target, entry.name, own, depth)
        elif stat.S_ISREG(mode):
            _file(source, target, entry.name, own)
        elif stat.S_ISLNK(mode):
            os.symlink(os.readlink(entry.name, dir_fd=source), entry.name, dir_fd=target)
        else:
            os.mkfifo(entry.name, 0o644, dir_fd=target)


def _folder(source: int, target: int, name: str, own: Own, depth: int) -> None:
    os.mkdir(name, 0o755, dir_fd=target)
    inner, made = os.open(name, _FOLDER, dir_fd=source), os.open(name, _FOLDER, dir_fd=target)
    try:
        copy(inner, made, own, depth + 1)
        os.fchmod(made, 0o755)
        own(made)
    finally:
        os.close(inner)
        os.close(made)


def _file(source: int, target: int, name: str, own: Own) -> None:
    reader = os.open(name, _READ, dir_fd=source)
    try:
        writer = os.open(name, _NEW, 0o600, dir_fd=target)
        try:
            _content(reader, writer)
            executable = os.fstat(reader).st_mode & stat.S_IXUSR
            os.fchmod(writer, 0o755 if executable else 0o644)
            own(writer)
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def _content(reader: int, writer: int) -> None:
    size, place = os.fstat(reader).st_size, 0
    os.ftruncate(writer, size)
    while place < size:
        try:
            begin = os.lseek(reader, place, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole from here on
                return
            raise
        place = _stretch(reader, writer, begin, os.lseek(reader, begin, os.SEEK_HOLE))


def _stretch(reader: int, writer: int, begin: int, end: int) -> int:
    while begin < end:
        piece = os.pread(reader, min(_PIECE, end - begin), begin)
        if not piece:
            raise OSError(errno.EIO, "a file became shorter while it was copied")
        while piece:
            count = os.pwrite(writer, piece, begin)
            piece, begin = piece[count:], begin + count
    return end


def used(path: str) -> int:
    """Return how many bytes of the disk a tree takes; what vanishes meanwhile takes none."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in [".", *names]:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
            except OSError:
                continue
    return total
