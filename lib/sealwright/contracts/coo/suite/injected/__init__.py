"""What is copied into the environment of the tests, where there is no Sealwright.

Standard library only, and nothing that a Python of the last years does not have: the
environment's interpreter is whichever the configuration names.  In it this package is called
``_sealwright``, and `place` has the values of that environment.
"""
