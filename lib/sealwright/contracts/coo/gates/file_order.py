"""The order in which Python lists files, varied: ``sitecustomize.py`` for the runs of one gate.

File systems list names in an order of their own, which is the same for every copy on some and
differs from machine to machine.  A program must not depend on it.  So in each run all of
`os.listdir`, `os.scandir` and what is built on them list names in another order: ascending,
descending, or by a hash.  Another ``sitecustomize`` that the interpreter has is run after this one.

>>> compile(source(2), NAME, "exec").co_filename
'sitecustomize.py'
"""

from __future__ import annotations

NAME = "sitecustomize.py"
_SOURCE = """\
import hashlib, os, sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

_number = {number}
_listdir, _scandir = os.listdir, os.scandir


def _key(name):
    data = os.fsencode(name)
    return data if _number < 2 else hashlib.sha256(b"%d" % _number + data).digest()


class _Scan:
    def __init__(self, entries):
        self._rest = iter(entries)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._rest)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        self._rest = iter(())


def listdir(path=None):
    return sorted(_listdir(path), key=_key, reverse=_number == 1)


def scandir(path=None):
    with _scandir(path) as found:
        return _Scan(sorted(found, key=lambda entry: _key(entry.name), reverse=_number == 1))


os.listdir, os.scandir = listdir, scandir
os.supports_fd.update((listdir, scandir))
_here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [place for place in sys.path if os.path.abspath(place) != _here]
_other = PathFinder.find_spec("sitecustomize", sys.path)
if _other is not None and _other.loader is not None:
    _other.loader.exec_module(module_from_spec(_other))
"""


def source(number: int) -> bytes:
    """Return the module that lists files in the ``number``-th order."""
    return _SOURCE.replace("{number}", str(number)).encode()
