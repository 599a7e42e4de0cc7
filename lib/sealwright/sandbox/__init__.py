"""Kernel isolation for a program that nobody trusts.

`sealwright.sandbox.cage` runs it from here; `sealwright.sandbox.inside` is what runs over there,
in a process of its own, before and around the program.  There are four levels:

=======================  =================================================================
level                    what holds the program
=======================  =================================================================
``namespaces+landlock``  both of the following
``namespaces``           user, mount, pid, network, ipc, uts and cgroup namespaces: a file
                         system of its own, where it sees system folders and what it is
                         given, read-only, and may write to one tmpfs of limited size; no
                         other process, no network, no host name; all that it started is
                         dead when it ends
``landlock``             it may read system folders and what it is given, and write below
                         given folders, in the host's file system; processes are seen, and
                         those it started are looked for and ended; TCP is closed, and the
                         network is cut off where `sealwright.process` can do that
``none``                 limits and a small environment, nothing else
=======================  =================================================================

What a program is given are *places*.  A place is a folder of the host, or a copy of one: to
write, a program always gets a copy, which comes back to another folder of the host when
everything that the program started is dead.  So no program ever writes where we read.
"""
