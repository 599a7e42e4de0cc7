"""The registry of artifacts (document 004): which file came from which, one proven line each.

``.adam_os/artifacts/artifact_registry.jsonl`` is a ledger (`sealwright.ledger`): canonical
JSON, one record a line, chained by ``v``, ``seq`` and ``prev``, only ever added to.  Besides
these three a record has exactly nine fields

``artifact_id``     1 to 128 of ``A-Za-z0-9._-``, the first a letter or a digit; never used again
``created_at_utc``  RFC 3339 in UTC, whole seconds: ``2025-01-01T00:00:00Z``
``artifact_type``   one of the types below
``relpath``         where the file lies, from the repository: in its type's folder under
                    ``.adam_os/artifacts``, no name with a dot first; never used again
``sha256``          64 lower-case hexadecimal digits of the file's bytes
``byte_size``       how many bytes these are
``media_type``      such as ``text/plain`` or ``application/json; charset=utf-8``
``parents``         a list of ``{"artifact_id": …, "sha256": …}``
``meta``            an object of at most 64 KiB, without secrets; its ``receipt``, if there is
                    one, is ``{"relpath": ".adam_os/runs/<name>.jsonl", "sha256": …}``

=================  ===========================  =============================================
type               folder                       parents, in this order
=================  ===========================  =============================================
raw                ``raw/``                     none
sanitized          ``sanitized/``               one raw
canon              ``sanitized/``               one sanitized
bundle_manifest    ``bundles/``                 one or more canon, none twice
build_spec         ``specs/``                   one bundle_manifest
work_order         ``work_orders/``             one build_spec
snapshot           ``snapshots/<snapshot_id>``  a work_order, its build_spec, that one's
                                                bundle_manifest
snapshot_manifest  ``snapshots/<snapshot_id>``  the snapshot's work_order, the snapshot, which
                                                lies in the same folder
=================  ===========================  =============================================

Every parent stands on an earlier line and has the digest that its child repeats.  One other
record is allowed, and told in the evidence as ``recovered``: that of `Ledger.recover`, which
cut a broken registry.  Secrets are looked for by the detectors of detect-secrets (see
`sealwright.secrets`); what one finds is named by its place and kind, never by its value.

An index may lie beside it: a SQLite file which knows where each record stands, and how long
the registry was and how its last line read when it was last verified.  Only lines after that
are verified again; a registry that has become shorter, or reads otherwise there, is `Damaged`.
The index is made anew from the registry when it is lost or spoilt, and then knows no past.
`Registry.check` and `fsck` do not ask it.

>>> [name for name in TYPES if FOLDERS[name] == "sanitized"]
['sanitized', 'canon']

By hand: this checks every file, and the next prints what line 7 must say in ``prev``::

    jq -r 'select(.sha256) | "\\(.sha256)  \\(.relpath)"' \\
      .adam_os/artifacts/artifact_registry.jsonl | sha256sum -c --strict
    sed -n 6p .adam_os/artifacts/artifact_registry.jsonl | tr -d '\\n' | sha256sum
"""

from __future__ import annotations

from sealwright.lineage.artifact import (
    EXPORTS,
    FOLDERS,
    REGISTRY,
    ROOT,
    RUNS,
    TYPES,
    Artifact,
    Parent,
)
from sealwright.lineage.inspection import fsck
from sealwright.lineage.registry import Registry
from sealwright.lineage.survey import Found
from sealwright.lineage.view import Prefix, prefix

__all__ = [
    "EXPORTS",
    "FOLDERS",
    "REGISTRY",
    "ROOT",
    "RUNS",
    "TYPES",
    "Artifact",
    "Found",
    "Parent",
    "Prefix",
    "Registry",
    "fsck",
    "prefix",
]
