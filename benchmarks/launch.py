"""Run one program and print its seconds and its peak memory in KiB: ``launch.py LOG ARGV…``

The kernel counts what the parent held at the moment of ``exec`` as memory of the child.
So the parent is this small process, started with ``python -I -S``, and not the bench; what
it holds itself, about 5 MiB, is the least that can be told.
"""

import os
import sys
import time


def main(log: str, *argv: str) -> int:
    start = time.perf_counter()
    child = os.fork()
    if not child:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.execv(argv[0], argv)
    _, status, used = os.wait4(child, 0)
    print(time.perf_counter() - start, used.ru_maxrss)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
