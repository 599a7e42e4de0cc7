"""Bundles: what each has, how it is written, and what is true of it by its bytes alone (001).

===============  ==========================================================================
`layout`         the members that are Sealwright's: trusted core, tests, audit gate
`writing`        the manifest of files, and the zip of them
`packing`        the zip itself, piece by piece
`verification`   form, names, manifest, completeness and digests, without extracting anything
`judging`        the audit gate as a process of its own
===============  ==========================================================================

`audit_gate_build_loop_phase2` is the gate: one file that needs nothing else.  Of this package
everybody may have need who hands over evidence as a bundle; contracts do not know one another.
"""
