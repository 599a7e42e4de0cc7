"""What a migration leaves behind (003, section 14).

====================  ====================================================================
`specification`       the runtime specification, regenerated from a template and from facts
`facts`               these facts, as a file
`entry_points`        how the canonical package is called from outside
`migration_bundle`    logs, diffs, manifests, replay, gates, specification and implementation
                      pack, as one zip that the audit gate takes
`bundle_contents`     what goes where in it
`bundle_verification` what is true of it by its own bytes
====================  ====================================================================

All have the same bytes whoever makes them, where and when.
"""
