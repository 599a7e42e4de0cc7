"""Snakemake: by time and by what it recorded of rule, parameters and software.

Its ``directory()`` looks at the time of the folder, and not at the files in it, so that an
edited file would go unseen; the tree is stated as the list of its files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.peers.peer import Peer, count

GRAPH = """
rule all:
    input: [f"out/{{n}}" for n in range({steps})]

rule copy:
    input: "in/{{n}}"
    output: "out/{{n}}"
    shell: "cp {{input}} {{output}}"
"""
TREE = """
import glob

rule copy:
    input: sorted(glob.glob("in/*/*"))
    output: "out/0"
    shell: "cp {first} {{output}}"
"""


def graph(steps: int) -> Mapping[str, str]:
    return {"Snakefile": GRAPH.format(steps=steps)}


def tree(files: Sequence[str]) -> Mapping[str, str]:
    return {"Snakefile": TREE.format(first=files[0])}


PEER = Peer(
    name="snakemake",
    argv=("snakemake", "--cores", "1"),
    graph=graph,
    tree=tree,
    ran=count("(?:local)?rule copy:"),
)
