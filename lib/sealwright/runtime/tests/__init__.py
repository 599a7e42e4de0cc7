"""The tests that a bundle carries: ``python -m pytest`` where it is unpacked runs them.

They need pytest and the standard library, write below the temporary folder only, and ask the
main promises of each part; what else is asked of them is asked where the bundle is made.
"""
