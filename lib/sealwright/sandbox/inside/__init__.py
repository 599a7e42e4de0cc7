"""What runs around a program in the sandbox; started by `sealwright.sandbox.cage` alone.

The standard library only: here are no third-party packages, and soon no files to import from.
Three processes lie between the caller and the program::

    caller ── gate ── porter ── keeper ── program ── whatever it starts
              (A)      (B)       (C)

``gate`` (A) stays outside and writes the identity maps; ``porter`` (B) makes the namespaces and
is the first in none of them; ``keeper`` (C) is process 1 in the new process namespace, lays out
the file system, starts the program, relays what it prints, ends it when its time is up, and
with it everything else there.  Each dies with the one before it.
"""
