"""The rollback: after a failure, and a person's confirmation, everything is as in AMU₀ (§12).

`confirmation` is the request and the exact word that a person says to it.  `restoring` stages what
is in AMU₀ and not in the tree any more, verified against the capture, so that the engine can put
all of it in place in one commit: every frozen file, folder and link with its mode; the database,
and no journal of it; sandbox digest, environment and all other manifests.  What was replaced is
kept in quarantine.
"""

from sealwright.contracts.coo.rollback.confirmation import RollbackAbortedException

__all__ = ["RollbackAbortedException"]
