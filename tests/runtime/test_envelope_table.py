"""The document's table: a path, what the envelope says to it, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.runtime import canonical
from sealwright.runtime.governance.envelope_enforcer import Envelope, EnvelopeEnforcer

ENVELOPE = Envelope(
    ["write"],
    ["src/**", "docs/*.md", "notes", "caf\u00e9/**", "build/*/out", "[x]/y"],
    ["src/keys", "**/*.pem", "src/Secret*", "docs/\u00dcBER.md", "src/stra\u00dfe"],
    1.0,
)
LINKS = {
    "src/in": "deep",
    "src/in_in": "in",
    "src/to_other": "../other",
    "src/to_docs": "../docs",
    "src/to_keys": "keys",
    "src/to_KEYS": "KEYS",
    "src/to_private": "keys/private",
    "src/out": "../../outside",
    "src/top": "/",
    "src/passwd": "/etc/passwd",
    "src/up": "..",
    "src/dangling": "deep/new",
    "src/dangling_out": "../../outside/new",
    "src/dangling_keys": "keys/new",
    "src/circle": "circle",
    "src/ring": "ring2",
    "src/ring2": "ring",
    "src/chain": "chain2",
    "src/chain2": "chain3",
    "src/chain3": "../other",
    "src/far": "far2",
    "src/far2": "../../outside",
    "src/back": "../../outside/back",
    "src/detour": "../other/../src/deep",
    "src/pem": "../other/a.pem",
    "docs/link.md": "../src/a",
    "docs/key.md": "../src/keys/a",
    "docs/folder.md": "../src/deep",
    "other/in": "../src/deep",
    "src/keys/free": "../deep",
    "notes": "src/a",
}

YES, NO_RULE = "is allowed by", "is allowed by no rule"
LONG, TOO_LONG = "n" * 255, "n" * 256
DOTS = "has a component . or .."
DEVICE = "has a component that is a device on Windows"
TAIL = "has a component that ends in a dot or a space"
SIGN = 'has one of <>:"|?*'
CONTROL = "has a control character"
OUT = "leads out of its root by a symbolic link"
KEYS = "is denied by 'src/keys'"
PEM = "is denied by '**/*.pem'"

TABLE = [
    # what is allowed, whether it exists or not
    ("src", YES),
    ("src/a", YES),
    ("src/.hidden", YES),
    ("src/deep", YES),
    ("src/deep/a", YES),
    ("src/new/and/newer/a", YES),
    ("src/a b", YES),
    ("src/-rf", YES),
    ("src/...x", YES),
    ("src/a~", YES),
    ("src/[a]", YES),
    ("src/$HOME", YES),
    ("src/%41", YES),
    ("src/\u65e5\u672c", YES),
    (f"src/{LONG}", YES),
    ("docs/plan.md", YES),
    ("docs/.md", YES),
    ("caf\u00e9/menu", YES),
    ("build/x/out", YES),
    ("[x]/y", YES),
    # what no rule allows: exact case, exact form, whole components
    ("other", NO_RULE),
    ("other/a", NO_RULE),
    ("SRC/a", NO_RULE),
    ("Src/a", NO_RULE),
    ("srcs/a", NO_RULE),
    ("docs", NO_RULE),
    ("docs/plan.txt", NO_RULE),
    ("docs/deep/plan.md", NO_RULE),
    ("docs/plan.MD", NO_RULE),
    ("Notes", NO_RULE),
    ("notes2", NO_RULE),
    ("cafe\u0301/menu", NO_RULE),
    ("CAF\u00c9/menu", NO_RULE),
    ("cafe/menu", NO_RULE),
    ("build/out", NO_RULE),
    ("build/x/y/out", NO_RULE),
    ("build/x/out/y", NO_RULE),
    ("x/y", NO_RULE),
    ("\u0455rc/a", NO_RULE),
    ("s\u200crc/a", NO_RULE),
    # what is denied, in any case and form, and all below
    ("src/keys", KEYS),
    ("src/keys/private", KEYS),
    ("src/keys/new/deep", KEYS),
    ("src/KEYS", KEYS),
    ("src/Keys/a", KEYS),
    ("src/\u212aeys/a", KEYS),
    ("src/key\u017f/a", KEYS),
    ("src/ke\u200cys/a", KEYS),
    ("src/\u202ekeys", KEYS),
    ("a.pem", PEM),
    ("src/a.pem", PEM),
    ("src/a.PEM", PEM),
    ("src/deep/a.Pem", PEM),
    ("src/x.pem/inside", PEM),
    ("src/Secret", "is denied by 'src/Secret*'"),
    ("src/secretary", "is denied by 'src/Secret*'"),
    ("src/SECRETS/a", "is denied by 'src/Secret*'"),
    ("docs/\u00fcber.md", "is denied by 'docs/\u00dcBER.md'"),
    ("docs/u\u0308ber.md", "is denied by 'docs/\u00dcBER.md'"),
    ("docs/U\u0308BER.md", "is denied by 'docs/\u00dcBER.md'"),
    ("src/STRASSE/a", "is denied by 'src/stra\u00dfe'"),
    # what merely resembles what is denied
    ("src/keyset", YES),
    ("src/key", YES),
    ("src/my_keys", YES),
    ("src/a.pem2", YES),
    ("src/deep/keys", YES),
    ("src/k\u0435ys", YES),
    # what is no path, or not one everywhere
    ("", "is empty"),
    (".", DOTS),
    ("..", DOTS),
    ("./src/a", DOTS),
    ("src/.", DOTS),
    ("src/./a", DOTS),
    ("src/..", DOTS),
    ("src/../other/a", DOTS),
    ("src/../src/keys/private", DOTS),
    ("../outside/a", DOTS),
    ("src/deep/../../../outside", DOTS),
    ("/etc/passwd", "is absolute"),
    ("//server/share", "is a UNC path"),
    ("src//a", "has an empty component"),
    ("src/", "ends in a slash"),
    ("src/a/", "ends in a slash"),
    ("~/a", "starts with ~"),
    ("~root/a", "starts with ~"),
    ("src\\a", "has a backslash"),
    ("src\\..\\other", "has a backslash"),
    ("src/..\\a", "has a backslash"),
    ("\\src", "has a backslash"),
    ("\\\\server\\share\\a", "is a UNC path"),
    ("\\\\?\\C:\\a", "is a UNC path"),
    ("C:/a", "starts with a drive letter"),
    ("c:src/a", "starts with a drive letter"),
    ("C:\\src\\a", "has a backslash"),
    ("src/a:b", SIGN),
    ("src/a::$DATA", SIGN),
    ("src/*", SIGN),
    ("src/a?", SIGN),
    ("src/a|b", SIGN),
    ("src/<a>", SIGN),
    ("src/a\0", CONTROL),
    ("src/a\0.md", CONTROL),
    ("src/a\n", CONTROL),
    ("src/\x1b[2J", CONTROL),
    ("src/a\x7f", CONTROL),
    ("src/\x85", CONTROL),
    ("src/\udcff", "has a lone surrogate"),
    ("src/\ufffe", "has a code point that is not a character"),
    ("src/a.", TAIL),
    ("src/keys.", TAIL),
    ("src/keys ", TAIL),
    ("src./a", TAIL),
    ("src/.../a", TAIL),
    ("src/nul", DEVICE),
    ("src/CON.md", DEVICE),
    ("src/com1/a", DEVICE),
    ("docs/LPT9.md", DEVICE),
    ("src/COM\u00b9", DEVICE),
    (f"src/{TOO_LONG}", "has a component of more than 255 bytes"),
    (f"src/{chr(0xE9) * 128}", "has a component of more than 255 bytes"),
    ("src/" + "a/" * 520 + "a", "is longer than 1024 bytes"),
    # links, by where they lead
    ("src/in", YES),
    ("src/in/a", YES),
    ("src/in_in/new", YES),
    ("src/detour/a", YES),
    ("src/dangling", YES),
    ("src/to_docs/plan.md", YES),
    ("docs/link.md", YES),
    ("docs/folder.md", YES),
    ("notes", YES),
    ("docs/folder.md/a", NO_RULE),
    ("src/to_docs/deep/plan.md", NO_RULE),
    ("src/to_other", NO_RULE),
    ("src/to_other/a", NO_RULE),
    ("src/chain/a", NO_RULE),
    ("src/up", NO_RULE),
    ("src/up/other/a", NO_RULE),
    ("src/up/src/a", YES),
    ("other/in/a", NO_RULE),
    ("src/to_keys", KEYS),
    ("src/to_keys/private", KEYS),
    ("src/to_KEYS/private", KEYS),
    ("src/to_private", KEYS),
    ("src/dangling_keys", KEYS),
    ("src/up/src/keys/a", KEYS),
    ("src/keys/free/a", KEYS),
    ("docs/key.md", KEYS),
    ("src/pem", PEM),
    ("src/out", OUT),
    ("src/out/a", OUT),
    ("src/passwd", OUT),
    ("src/top/etc/passwd", OUT),
    ("src/dangling_out", OUT),
    ("src/far/a", OUT),
    ("src/back/src/a", OUT),
    ("src/circle", "has more than 40 symbolic links on its way"),
    ("src/ring/a", "has more than 40 symbolic links on its way"),
]

# What was allowed, what was then put in its way, and what is said just before use.
RACES = [
    ("src/deep", "../other", "moved: expected 'src/deep/a', found 'other/a'"),
    ("src/deep", "keys", KEYS),
    ("src/deep", "KEYS", KEYS),
    ("src/deep", "../../outside", OUT),
    ("src/deep", "/", OUT),
    ("src/deep", "deep", "has more than 40 symbolic links on its way"),
    ("src/deep", "fresh", "moved: expected 'src/deep/a', found 'src/fresh/a'"),
    ("src/deep/a", "../keys/private", KEYS),
    ("src/deep/a", "../../other/a.pem", PEM),
    ("src/deep/a", "/etc/passwd", OUT),
    ("src/deep/a", "b", "moved: expected 'src/deep/a', found 'src/deep/b'"),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _tree(tmp_path_factory.mktemp("table"))


def _tree(folder: Path) -> Path:
    root = folder / "root"
    for name in ("src/deep", "src/keys", "docs/deep", "other", "caf\u00e9"):
        (root / name).mkdir(parents=True)
    for name in ("src/a", "src/keys/private", "docs/plan.md", "other/a"):
        (root / name).write_text("content")
    (folder / "outside").mkdir()
    (folder / "outside/back").symlink_to(root)
    for name, target in LINKS.items():
        (root / name).symlink_to(target)
    return root


def test_the_table_is_as_long_as_the_document_asks():
    assert len(TABLE) + len(RACES) >= 150
    assert len({path for path, _ in TABLE}) == len(TABLE)


@pytest.mark.parametrize(("path", "reason"), TABLE, ids=lambda value: ascii(value)[:60])
def test_a_path_has_its_verdict_and_its_reason(root, path, reason):
    decision = EnvelopeEnforcer(root, ENVELOPE).check("write", path)
    assert decision.allowed is (reason == YES)
    assert reason in decision.reason
    assert (NO_RULE in decision.reason) is (reason == NO_RULE)
    assert ("rule" in decision.evidence) >= decision.allowed
    canonical.encode(decision.evidence)


@pytest.mark.parametrize(("place", "target", "reason"), RACES)
def test_what_is_put_in_the_way_after_the_answer_is_refused_just_before_use(
    tmp_path, place, target, reason
):
    root = _tree(tmp_path)
    enforcer = EnvelopeEnforcer(root, Envelope(["write"], ["**"], ENVELOPE.deny_paths, 1.0))
    decision = enforcer.check("write", "src/deep/a")
    assert decision.allowed
    if (root / place).is_dir():
        (root / place).rmdir()
    (root / place).symlink_to(target)
    again = enforcer.recheck(decision)
    assert not again.allowed
    assert reason in again.reason
