"""The tools side by side, a module for each; ours is the first."""

from __future__ import annotations

from benchmarks.peers import doit, make, ninja, pytask, sealwright, snakemake
from benchmarks.peers.peer import Peer, find, said

OURS = sealwright.PEER
KNOWN: tuple[Peer, ...] = (
    OURS,
    *doit.PEERS,
    *make.PEERS,
    ninja.PEER,
    pytask.PEER,
    snakemake.PEER,
)

__all__ = ["KNOWN", "OURS", "Peer", "find", "present", "said"]


def present() -> list[Peer]:
    """Return those that are installed."""
    return [peer for peer in KNOWN if peer.command()]
