"""Ninja, which reads a list that others write: the files of a tree are in it by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.peers.peer import Peer, count


def graph(steps: int) -> Mapping[str, str]:
    rules = "".join(f"build out/{n}: copy in/{n}\n" for n in range(steps))
    return {"build.ninja": f"rule copy\n  command = cp $in $out\n{rules}"}


def tree(files: Sequence[str]) -> Mapping[str, str]:
    rule = f"rule copy\n  command = cp {files[0]} $out\n"
    return {"build.ninja": f"{rule}build out/0: copy {' '.join(files)}\n"}


PEER = Peer(
    name="ninja",
    argv=("ninja",),
    graph=graph,
    tree=tree,
    ran=count(r"\[\d+/\d+\] "),
)
