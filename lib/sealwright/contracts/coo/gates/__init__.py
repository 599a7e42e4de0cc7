"""Gates A to F (003, section 10): what must be so before a migration is complete.

====  ============  ========================================================================
gate  module        what is asked
====  ============  ========================================================================
A     unification   the structure is there, and no path or import of the legacy package
B     modules       what declared modules say and write is the same in repeated runs
C     sandbox       the image of the sandbox is the one that was recorded, and whole
D     suite         every test passed, and the two snapshots of the suite are equal
E     governance    scan and lint find nothing
F     replaying     the replay of the reference mission gave the same artefacts
====  ============  ========================================================================

Each is a function from declared inputs to a `sealwright.verdict.Verdict`, with no clock and no
state.  `record` makes a `Result` of it: they are judged in this order, each only when all before
it have PASS or WAIVED; after a failure the rest is NOT_RUN, and the advice is a rollback.
`waivers` are part of the configuration; a waived gate is judged all the same, and what was found
stays in its result.  `results` is ``gate_results.json``, and `junit` and `findings_sarif` are the
same for other programs.
"""
