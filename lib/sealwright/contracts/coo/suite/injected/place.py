"""Where things are in one environment; each gets values of its own in place of these."""

CACHE = ""  # folder for the cache of pytest
FIRST: list[str] = []  # folders to search before those of installed packages
HIDDEN: list[str] = []  # modules that cannot be found
RECORDS = ""  # folder for results
RETIRED: list[str] = []  # files and folders without tests
TREE = ""  # the tree that is tested
