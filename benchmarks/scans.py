"""The scan for governance leaks over N files, beside ripgrep with the same words.

The N files hold about N times 16,384 bytes of English words in lines and paragraphs: 100 MB where
N is 6,400.  One word in two thousand is one that the ruleset knows, or begins like one, and one
file in a hundred has a leak.  Ours is asked by a program of its own, which says how long the scan
took, with the walk and the report; its start is not in it, since a scan is a step among others in
a process that runs anyway.  It is taken without a memory, with an empty one that is filled and
kept, and with a filled one, which is what a run after the first one has.  Ripgrep looks for all
phrases of the ruleset at once, whatever their case, as whole words in one line; whose subject a
verb has it does not ask, so that it finds more.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import contest, measure
from benchmarks.contest import Row
from benchmarks.measure import Sample, Wrong
from benchmarks.peers import OURS, find, said
from sealwright.contracts.coo.scanning import leak_rules
from sealwright.contracts.coo.scanning.leak_rules import Ruleset

SIZES = (6_400,)
EACH = 16_384
PLAIN, COLD, WARM = "Sealwright", "Sealwright, filling a memory", "Sealwright, memory filled"
RIPGREP = "ripgrep"
GAP = """[ \\t_*`'"~-]+"""
RULESET = Path(leak_rules.__file__).parents[3] / "templates" / "governance_leak_ruleset.json"
COMMON = """
the of and to in a is that for it as was with be by on not he his but at are this have from
or had an they which one you were all her she there would their we him been has when who
will no more if out so up said what its about than into them can only other time new some
could these two may first then do any like my now over such our man me even most made after
also did many off before well through back years where your way down should because long
each just state those people how
"""
KNOWN = """
review reviewed governance governed requires required decided decision designated confirm
confirmation validation approval authorized
"""
LEAKS = ("The council approves it.", "It requires\napproval.", "All is reviewed by the committee.")
SCRIPT = """
import json, sys, time
from pathlib import Path
from sealwright import digest
from sealwright.contracts.coo import governance_leak_scanner as scanner
from sealwright.contracts.coo.scanning import leak_rules
from sealwright.contracts.coo.scanning.known_contents import Known
from sealwright.stat_cache import StatCache
root, ruleset, memory = sys.argv[1:]
rules = leak_rules.read(Path(ruleset).read_bytes(), "ruleset", None)
start = time.perf_counter()
cache = known = None
if memory:
    cache = StatCache(Path(memory, "cache"), keep=True, root=Path(root))
    known = Known(Path(memory, "known.json"), cache, rules.sha256)
report = scanner.scan(Path(root), rules, ["**/*.md"], known=known)
data = report.report_bytes()
if memory:
    known.save()
    cache.save()
taken = time.perf_counter() - start
print(json.dumps([taken, report.files, len(report.violations), digest.sha256(data)]))
"""
Take = Callable[[int], Sample]


def write(folder: Path, files: int) -> None:
    """Write the files; the bytes are the same each time."""
    source = random.Random("sealwright")
    for number in range(files):
        place = folder / f"{number // 100:03}" / f"{number % 100:02}.md"
        place.parent.mkdir(parents=True, exist_ok=True)
        leak = f"\n\n{LEAKS[number // 100 % len(LEAKS)]}" if number % 100 == 50 % files else ""
        place.write_text("".join(text(source)) + leak + "\n")


def text(source: random.Random) -> Iterator[str]:
    """Yield words of about `EACH` bytes, in lines and paragraphs."""
    common, size = COMMON.split(), 0
    while size < EACH:
        count = source.randint(8, 20)
        words = source.choices(common, k=count)
        if source.random() < count / 2000:
            words[0] = source.choice(KNOWN.split())
        line = " ".join(words) + ("\n\n" if source.random() < 0.15 else "\n")
        size += len(line)
        yield line


def ask(root: Path, files: int, memory: Path | None) -> Sample:
    """Scan in a program of its own, and return what it says that it took."""
    argv = [sys.executable, "-c", SCRIPT, str(root), str(RULESET), str(memory or "")]
    sample = measure.once(argv, root)
    seconds, read, *_ = json.loads(sample.printed.splitlines()[-1])
    if read != files:
        raise Wrong(f"{read} files were scanned, expected {files}")
    return Sample(seconds, sample.peak_kib, sample.printed)


def ours(root: Path, files: int, place: Path) -> dict[str, Take]:
    """Return our own: without a memory, with an empty one to fill, and with a filled one."""
    empty, full = place / "empty", place / "full"
    full.mkdir(parents=True)
    ask(root, files, full)

    def cold(_: int) -> Sample:
        shutil.rmtree(empty, ignore_errors=True)
        empty.mkdir()
        return ask(root, files, empty)

    return {
        PLAIN: lambda _: ask(root, files, None),
        COLD: cold,
        WARM: lambda _: ask(root, files, full),
    }


def patterns(rules: Ruleset) -> list[str]:
    """Return an expression for each phrase that may be a leak."""
    told = [phrase for each in (*rules.forbidden, *rules.verbs) for phrase in each.phrases]
    return [rf"\b{GAP.join(phrase)}\b" for phrase in told]


def ripgrep(root: Path) -> dict[str, Take]:
    """Return ripgrep with all patterns at once, with as many threads as it likes."""
    program = find("rg")
    if program is None:
        return {}
    rules = leak_rules.read(RULESET.read_bytes(), RULESET.name, None)
    words = [word for pattern in patterns(rules) for word in ("-e", pattern)]
    argv = [program, "--no-config", "-n", "-i", "-g", "*.md", *words, "."]
    return {RIPGREP: lambda _: measure.once(argv, root)}


def agree(takes: dict[str, Take], files: int) -> None:
    """See that ours always says the same, that leaks are found, and that ripgrep finds them too."""
    printed = {name: take(-1).printed for name, take in takes.items()}
    told = {name: json.loads(printed[name].splitlines()[-1])[1:] for name in (PLAIN, COLD, WARM)}
    if len({json.dumps(each) for each in told.values()}) != 1 or not told[PLAIN][1]:
        raise Wrong(f"scans of {files} files differ, or find nothing: {told}")
    if RIPGREP in printed and len(printed[RIPGREP].splitlines()) < told[PLAIN][1]:
        raise Wrong(f"ripgrep finds less in {files} files than {PLAIN}")


def versions() -> dict[str, str]:
    """Return what was compared."""
    return {OURS.name: OURS.version()} | said({"rg": "--version"})


def run(sizes: Sequence[int], folder: Path, runs: int) -> list[Row]:
    """Return the rows of all sizes."""
    found = []
    for size in sizes or SIZES:
        root = folder / str(size)
        write(root, size)
        takes = ours(root, size, folder / f"{size}-memory") | ripgrep(root)
        agree(takes, size)
        found += contest.rows("scan", size, measure.interleaved(takes, runs), PLAIN)
        if RIPGREP not in takes:
            found.append(contest.missing("scan", size, RIPGREP, "not installed"))
    return found
