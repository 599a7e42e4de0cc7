"""GNU make as it comes, and without the built-in rules that it tries on each file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.peers.peer import Peer, count


def graph(steps: int) -> Mapping[str, str]:
    targets = " ".join(f"out/{n}" for n in range(steps))
    rules = "".join(f"out/{n}: in/{n}\n\tcp in/{n} out/{n}\n" for n in range(steps))
    return {"Makefile": f".PHONY: all\nall: {targets}\n{rules}"}


def tree(files: Sequence[str]) -> Mapping[str, str]:
    return {"Makefile": f"out/0: $(wildcard in/*/*)\n\tcp {files[0]} out/0\n"}


def _with(*options: str) -> Peer:
    return Peer(
        name=" ".join(("GNU make", *options)),
        argv=("make", *options),
        graph=graph,
        tree=tree,
        ran=count("cp "),
    )


PEERS = (_with(), _with("-r"))
