"""The embedded example: a repository like somebody's own, and the people who work in it.

``files/`` holds what is in the repository; ``repository`` makes a real git repository of
it, with the same commit id everywhere; ``tour`` is what ``make run`` does: it plays the
people from outside, with plain git and the public commands, and says so line by line.
"""
