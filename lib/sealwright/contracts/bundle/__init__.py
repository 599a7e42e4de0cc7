"""A bundle that proves itself: a zip with its own audit gate, tests and manifest (document 001).

The gate is one file that travels inside the bundle and needs nothing of this package.
"""
