"""The trusted core: the few files that decide, wherever they are copied.

A bundle carries this folder, byte for byte, as its own ``runtime/``; the program that
made the bundle uses the same bytes.  Whoever receives a bundle trusts these files and a
Python interpreter, and nothing else, so they are few, short, and alone:

* they import the standard library and one another, relatively, and nothing above;
* they open no connection, start no program, and read neither clock nor environment;
* they call nothing that only one family of operating systems has;
* they answer with values and raise subclasses of `ValueError`; they print nothing.

===================================  ===================================================
module                               decides
===================================  ===================================================
`canonical`                          which bytes a record has, and what its digest is
`containment`                        whether a path stays inside a folder
`state`                              whether what lies at some paths has changed
`orchestration.execution_context`    which run this is, of what, and since when
`orchestration.operations`           what is done, and what is done if that fails
`orchestration.compensation`         how effects are taken back, as data
`orchestration.mission_journal`      what a run did, in a chain that shows every change
`governance.envelope_enforcer`       what a run may do, where, and for how much money
`governance.self_mod_protection`     what no run may touch
===================================  ===================================================

``tests`` has the tests that a bundle runs where it is unpacked; they alone need pytest.

Nothing is imported here, so that a part can be used without the others.
"""
