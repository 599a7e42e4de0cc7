"""The suite of a repository, before and after its package got another name (003 §9, 9.1, gate D).

A run (`run`) needs a tree, a wish, a folder to work in, and a log::

    wish = Wish(("python", "-m", "pytest", "-q"), Names("project_builder", "coo"))
    result = run(tree, wish, work, log)
    result.verdict().enforce()                   # there is proof that the whole suite ran
    s1 = result.snapshot(tree)                   # its bytes: s1.encode(), the document's: s1.view()
    comparison.consolidated(s0, s1, s2, wish.names).enforce()

=================  =================================================================================
`environment`      a Python in which the package is the tree's, whatever is installed elsewhere
`injected`         what is in it: the tripwire, and listeners to pytest and unittest
`outcomes`         what they tell of each test
`tripwire`         who looked for the legacy package, which cannot be found after Snapshot 0
`working_copy`     where a suite runs, and what it did there
`snapshot`         files and results, in our format and in the document's
`comparison`       S0 ≅ S1 = S2, test by test
=================  =================================================================================

Rules.  1. The tree that is tested is never run in, and never written to.  2. Bytecode is off, the
cache of pytest is a folder that is thrown away, locale, time zone, umask and hash seed are fixed,
the home is empty.  3. After Snapshot 0 the legacy package cannot be imported by the suite or its
children, though it may still be there; whoever tries is written down.  Its folder is not searched
for tests: they were ported.  4. Results are those of the outermost session alone, and of one that
began and did not end there are none.  5. Nothing is run a second time to make it pass.
"""

from __future__ import annotations

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.suite.running import Result, Wish, run
from sealwright.contracts.coo.suite.snapshot import Snapshot, View, snapshots_equal

__all__ = ["Names", "Result", "Snapshot", "View", "Wish", "run", "snapshots_equal"]
