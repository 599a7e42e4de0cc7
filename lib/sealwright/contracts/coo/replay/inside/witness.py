"""What a Python in the layer sees, as JSON: asked before a mission, to be what it shall.

``python _replay/witness.py``.  Its own C library tells what other programs are told of the time.
"""

# ruff: noqa: TID251

from __future__ import annotations

import ctypes
import datetime
import json
import os
import random
import socket
import sys
import time
import uuid


def facts() -> dict[str, object]:
    """Return what is seen."""
    library = ctypes.CDLL(None)
    library.time.restype = ctypes.c_long
    mask = os.umask(0o22)
    os.umask(mask)
    return {
        "clock": [time.time_ns(), datetime.datetime.now(datetime.timezone.utc).isoformat()],  # noqa: UP017
        "program_clock": library.time(None),
        "random": repr(random.random()),
        "uuid": str(uuid.uuid4()),
        "environment": dict(os.environ),
        "host": [socket.gethostname(), os.uname().nodename],
        "number": os.getuid(),
        "pid": os.getpid(),
        "processors": os.cpu_count(),
        "umask": mask,
        "folder": os.getcwd(),
        "isolated": [sys.flags.isolated, sys.flags.no_user_site],
    }


if __name__ == "__main__":
    print(json.dumps(facts(), sort_keys=True))
