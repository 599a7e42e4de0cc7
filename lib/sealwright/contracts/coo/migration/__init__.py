"""The migration: one import package replaces another, in six steps on copies, and one commit (§9).

The live tree is not touched before the end.  Each step makes a tree of its own from the one
before (`carrying`), and the tests run in a copy of that, isolated from what is installed:

1. ``create``         a copy of all that the tests need, and the canonical folder
2. ``port``           every file of the legacy package, byte for byte, in the canonical one
3. ``imports``        the unified import update, by a plan that can be looked at first
4. ``snapshot1``      the suite, while the legacy package is there, and importing it is refused
5. ``delete_legacy``  the legacy package is gone
6. ``snapshot2``      the suite again; both snapshots are equal, and the suite is as it was before

Then ``commit`` puts what has changed into the live tree (`committing`), wholly or not at all.
"""
