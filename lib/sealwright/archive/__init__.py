"""An archive says what some files hold in one stream of bytes: tar, of which only one is right.

The same files give the same bytes on every machine, as Python's ``tarfile`` (``PAX_FORMAT``)
writes them from the members below, and every tar restores them.  Members stand in ascending
order of the bytes of their paths, each path once.  A member is a regular file: no folder (an
empty one is not represented), link or other kind, and no file at a path that is a folder of
another.  A path is one that `sealwright.paths.parse` leaves as it is.

======  ====  =============================================================================
offset  size  a header: one block of 512 bytes
======  ====  =============================================================================
0       100   the path in ASCII, filled with NUL
100     8     the mode, ``0000644`` or (where the owner may execute) ``0000755``, and NUL
108     16    owner and group, both ``0000000`` and NUL
124     12    the size in 11 octal digits, and NUL
136     12    the time, ``00000000000`` and NUL
148     8     the sum of the header's bytes, these 8 taken as spaces: 6 octal digits, NUL, space
156     1     ``0``, a regular file
257     8     ``ustar``, NUL, ``00``
======  ====  =============================================================================

All else in it is NUL.  The content follows, filled with NUL to a multiple of 512 bytes.  At
the end stand two blocks of NUL, and more of them up to a multiple of 10240 bytes in all.

A path of more than 100 bytes or with other characters than ASCII, and a size above 8 GiB - 1,
stand in a pax header before that one.  Its path is ``././@PaxHeader``, its mode 0, its type
``x``, and its content ``<length> path=<UTF-8>`` and LF, ``<length> size=<decimal>`` and LF, in
this order and only those needed.  Then the header itself has the first 100 characters of the
path, ``?`` for each that is not ASCII, and if the size is in the pax header, the size 0.

A reader accepts exactly these bytes: each header is written anew from what was understood of
it, and must come out the same.  By hand, in a folder that holds only the files, this prints
what `Stream` returns::

    find . -type f -printf '%P\\0' | LC_ALL=C sort -z | python3 -c '
    import os, sys, tarfile
    out = tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT)
    for name in sys.stdin.read().split("\\0")[:-1]:
        info, found = tarfile.TarInfo(name), os.lstat(name)
        info.size, info.mode = found.st_size, 0o755 if found.st_mode & 0o100 else 0o644
        out.addfile(info, open(name, "rb"))
    out.close()'

>>> size([Source("plan.md", "/plans/plan.md", 12, executable=False)])
10240
"""

from sealwright.archive.extract import Extracted, extract
from sealwright.archive.reader import Entry, Member, members, scan
from sealwright.archive.source import Source, of_file, of_tree, size
from sealwright.archive.stream import Stream

__all__ = [
    "Entry",
    "Extracted",
    "Member",
    "Source",
    "Stream",
    "extract",
    "members",
    "of_file",
    "of_tree",
    "scan",
    "size",
]
