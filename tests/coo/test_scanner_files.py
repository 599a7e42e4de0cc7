"""What the scanner reads, where it says things stand, and that it says so in the same bytes."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from sealwright import digest
from sealwright.contracts.coo import governance_leak_scanner as scanner
from sealwright.contracts.coo.governance_leak_scanner import SCOPE
from sealwright.contracts.coo.scanning import leak_rules, scanned_files
from sealwright.contracts.coo.scanning.known_contents import Known
from sealwright.contracts.coo.scanning.scanned_files import Globs
from sealwright.contracts.coo.scanning.scanned_text import WIDE
from sealwright.errors import Misconfigured, Refused
from sealwright.stat_cache import StatCache
from tests.coo.scans import DOCUMENT, LEAK_BYTES, LEAKS, MODULE, found, put, scanned

LEAK = "It approves.\n"


def places(report):
    return [(v.file, v.line, v.column, v.pattern) for v in report.violations]


def test_the_report_has_the_keys_of_the_document_and_no_others(tmp_path):
    report = scanned(tmp_path, {DOCUMENT: LEAK}).report_bytes()
    assert json.loads(report) == {
        "status": "FAIL",
        "violations": [
            {"file": DOCUMENT, "line": 1, "pattern": "Approves", "excerpt": "It approves."}
        ],
        "scanned_paths": list(SCOPE),
        "ruleset_sha256": digest.hexadecimal(digest.sha256(LEAK_BYTES)),
    }
    assert (
        report
        == json.dumps(
            json.loads(report), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()
        + b"\n"
    )


def test_nothing_in_scope_holds_and_says_so(tmp_path):
    report = scanned(tmp_path, {"README.md": LEAK})
    assert report.to_dict()["status"] == "PASS"
    assert report.verdict().holds
    assert report.verdict().evidence["scanned_files"] == 0


def test_a_verdict_names_all_places_and_the_way_out(tmp_path):
    verdict = scanned(tmp_path, {DOCUMENT: LEAK, MODULE: LEAK}).verdict()
    assert [finding.where for finding in verdict.findings] == [f"{MODULE}:1:4", f"{DOCUMENT}:1:4"]
    with pytest.raises(Refused, match=r"suppress line [0-9a-f]{64} with a reason"):
        verdict.enforce()


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("coo/runtime/a.py", True),
        ("coo/runtime/a/b/c.py", True),
        ("coo/scripts/.hidden.py", True),
        ("docs/01_governance/a/b.md", True),
        ("docs/02_protocols/a.md", True),
        ("coo/runtime/a.md", False),
        ("coo/runtime/a.pyc", False),
        ("coo/tests/a.py", False),
        ("coo/runtime.py", False),
        ("a/coo/runtime/a.py", False),
        ("docs/03/a.md", False),
        ("docs/01_governance/a.MD", False),
    ],
)
def test_scope_is_the_four_globs(tmp_path, path, read):
    assert found(tmp_path, LEAK, path) == (["Approves"] if read else [])


def test_scope_may_be_other_globs_and_the_report_says_which(tmp_path):
    put(tmp_path, {"a.txt": LEAK, "b/a.txt": LEAK, "b/c/d[1].txt": LEAK, "b/c/e1.txt": LEAK})
    for glob, files in {
        "*.txt": ["a.txt"],
        "b/*.txt": ["b/a.txt"],
        "*/*.txt": ["b/a.txt"],
        "**/*.txt": ["a.txt", "b/a.txt", "b/c/d[1].txt", "b/c/e1.txt"],
        "b/**/?[1].txt": ["b/c/d[1].txt"],
        "b/?/e1.txt": ["b/c/e1.txt"],
    }.items():
        report = scanner.scan(tmp_path, LEAKS, [glob])
        assert [violation.file for violation in report.violations] == files
        assert report.to_dict()["scanned_paths"] == [glob]


@pytest.mark.parametrize("glob", ["", "/a", "../*", "a/**", "a/**b/c", "a//b", "./a", "a/", "a\0"])
def test_a_glob_that_makes_no_sense_is_refused(glob):
    with pytest.raises(Misconfigured, match="expected"):
        Globs([glob])


def test_order_is_that_of_the_bytes(tmp_path):
    names = ["B.md", "a-b.md", "a.md", "a/b.md", "a0.md", "ä.md", "\U0001f600.md", "\uffee.md"]
    report = scanned(tmp_path, {f"docs/02_protocols/{name}": LEAK for name in names[::-1]})
    seen = [violation.file for violation in report.violations]
    assert seen == sorted(seen, key=str.encode)
    assert len(seen) == len(names)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_lines_and_columns_are_those_of_an_editor(tmp_path, end, mark):
    text = end.join(["é\x0c\x0b\u2028\x85", "", "  ä confirms", "validates", "x must", "approve"])
    report = scanned(tmp_path, {DOCUMENT: mark + text.encode()})
    assert [place[1:] for place in places(report)] == [
        (3, 5, "Confirms"),
        (4, 1, "Validates"),
        (5, 3, "MustApprove"),
    ]
    assert [violation.excerpt for violation in report.violations][2] == "x must"


def test_a_very_long_line_is_shown_in_part(tmp_path):
    line = "x" * 400_000 + " confirms " + "y" * 400_000
    (violation,) = scanned(tmp_path, {DOCUMENT: line}).violations
    assert violation.column == 400_002
    assert "confirms" in violation.excerpt
    assert len(violation.excerpt) <= WIDE + 2


def test_an_excerpt_steers_no_terminal(tmp_path):
    (violation,) = scanned(tmp_path, {DOCUMENT: "\x1b[2J confirms \u202e"}).violations
    assert violation.excerpt == "?[2J confirms ?"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"a\nb\xff\xfe approves", 2),
        (b"a\r\n\r\nb\0", 3),
        ("approves".encode("utf-16"), 1),
        ("approves".encode("utf-16-le"), 1),
        (b"\xed\xa0\x80", 1),
    ],
)
def test_what_is_no_text_is_told_and_does_not_pass(tmp_path, data, line):
    report = scanned(tmp_path, {DOCUMENT: data, MODULE: LEAK})
    assert places(report)[0][3] == "Approves"
    assert places(report)[1] == (DOCUMENT, line, 1, "NotText")


@pytest.mark.parametrize("target", ["../../elsewhere.py", "a.py", "nowhere"])
def test_a_link_in_scope_is_not_followed_and_told(tmp_path, target):
    put(tmp_path, {"elsewhere.py": LEAK, "coo/runtime/a.py": "pass"})
    (tmp_path / "coo/runtime/b.py").symlink_to(target)
    report = scanner.scan(tmp_path, LEAKS)
    assert places(report) == [("coo/runtime/b.py", 1, 1, "UnreadFile")]
    assert "symbolic link" in report.violations[0].excerpt


@pytest.mark.parametrize("link", ["docs", "docs/01_governance", "docs/01_governance/more"])
def test_a_link_to_a_folder_is_not_followed_and_told(tmp_path, link):
    put(tmp_path, {"elsewhere/01_governance/a.md": LEAK, "elsewhere/a.md": LEAK})
    (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / link).symlink_to(tmp_path / "elsewhere")
    assert {place[3] for place in places(scanner.scan(tmp_path, LEAKS))} == {"UnreadFile"}


def test_links_that_no_glob_names_are_left_alone(tmp_path):
    put(tmp_path, {"a.md": LEAK, "coo/runtime/a.py": "pass"})
    (tmp_path / "coo/runtime/notes.md").symlink_to("../../a.md")
    assert scanner.scan(tmp_path, LEAKS).violations == ()


def test_a_file_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    def opened(place):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(scanner, "opened", opened)
    (found,) = scanned(tmp_path, {DOCUMENT: "fine"}).violations
    assert (found.pattern, found.excerpt) == ("UnreadFile", "cannot be read: Permission denied")


def test_a_file_that_is_longer_than_it_was_is_read_whole(tmp_path):
    (put(tmp_path, {"a": b"x" * 5000}) / "b").symlink_to("a")
    read, write = os.pipe()
    os.write(write, b"y" * 5000)
    os.close(write)
    assert scanned_files._whole(read, 10) == b"y" * 5000
    os.close(read)
    assert scanned_files.content(tmp_path / "a") == b"x" * 5000
    with pytest.raises(OSError, match="symbolic links"):
        scanned_files.content(tmp_path / "b")


def test_a_folder_that_cannot_be_read_is_refused(tmp_path, monkeypatch):
    def walk(top):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), top)

    monkeypatch.setattr(scanned_files, "walk", walk)
    with pytest.raises(Refused, match="coo/runtime: cannot be read: Permission denied"):
        scanned(tmp_path, {MODULE: "fine"})


def test_a_pipe_is_not_waited_for_and_told(tmp_path):
    put(tmp_path, {"coo/runtime/b.py": LEAK})
    os.mkfifo(tmp_path / "coo/runtime/a.py")
    assert [place[3] for place in places(scanner.scan(tmp_path, LEAKS))] == [
        *("UnreadFile", "Approves")
    ]


def test_a_name_that_is_no_utf8_is_shown_escaped(tmp_path):
    place = os.fsencode(put(tmp_path, {"coo/runtime/a.py": ""}) / "coo/runtime") + b"/\xff.py"
    with open(place, "w") as file:
        file.write(LEAK)
    report = scanner.scan(tmp_path, LEAKS)
    assert report.violations[0].file == "coo/runtime/\\xff.py"
    assert report.report_bytes() and report.sarif_bytes()


def test_the_bytes_do_not_depend_on_hash_seed_order_zone_locale_or_folder(tmp_path):
    files = {f"docs/01_governance/{n}.md": f"It confirms {n}\nagents decide\n" for n in range(9)}
    program = (
        "import sys; from pathlib import Path; from tests.coo.scans import scanned\n"
        "from sealwright.contracts.coo.governance_leak_scanner import scan\n"
        "from tests.coo.scans import LEAKS\n"
        "r = scan(Path(sys.argv[1]), LEAKS)\n"
        "sys.stdout.buffer.write(r.report_bytes() + r.sarif_bytes())"
    )
    told = set()
    for number, seed in enumerate(["0", "1", "77"]):
        root = tmp_path / f"in{number}"
        put(root, dict(list(files.items())[:: -1 if number else 1]))
        more = {"PYTHONHASHSEED": seed, "TZ": f"UTC{number}", "LC_ALL": "C"}
        argv = [sys.executable, "-c", program, str(root)]
        top = Path(__file__).parents[2]
        paths = f"{top / 'lib'}:{top}"
        told.add(subprocess.check_output(argv, env={**os.environ, **more, "PYTHONPATH": paths}))
    assert len(told) == 1
    assert str(tmp_path).encode() not in told.pop()


def test_a_ruleset_other_than_the_pinned_one_is_refused_and_both_are_named():
    pinned = digest.sha256(LEAK_BYTES)
    assert leak_rules.read(LEAK_BYTES, "rules.json", pinned).sha256 == pinned
    other = LEAK_BYTES + b"\n"
    with pytest.raises(Refused) as refused:
        leak_rules.read(other, "rules.json", pinned)
    assert pinned in str(refused.value)
    assert digest.sha256(other) in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (b'"constitution": []', b'"constitution": [], "extra": 1', "extra: unknown key"),
        (b'"version": 1', b'"version": 2', "expected 1, found '2'"),
        (b'["approves"]', b"[]", "expected at least one phrase"),
        (b'["approves"]', b'[""]', "expected words of ASCII letters"),
        (b'["approves"]', b'["(a+)+b"]', "expected words of ASCII letters"),
        (b'["approves"]', b'["a  b"]', "expected words of ASCII letters"),
        (b'["approves"]', b'["ab\\u00e9"]', "expected words of ASCII letters"),
        (b'["approves"]', b"[1]", "expected a string, found int"),
        (b'"name": "Approves"', b'"name": "Confirms"', "Confirms: named twice"),
        (b'"name": "Approves"', b'"name": "NotText"', "that is not ours"),
        (b'"name": "Approves"', b'"name": "a b"', "a name of ASCII letters"),
        (b'"permitted":', b'"permited":', "is missing"),
        (b'"constitution": []', b'"constitution": [" "]', "expected a phrase on one line"),
        (b'"constitution": []', b'"constitution": [], "version": 1', "is written twice"),
        (b'"constitution": []', b'"constitution": []\n# x', "expected JSON"),
        (b"{", b"\xff{", "expected JSON in UTF-8"),
    ],
)
def test_a_ruleset_that_makes_no_sense_is_refused(old, new, complaint):
    assert LEAK_BYTES.count(old) >= 1
    with pytest.raises(Misconfigured, match=re.escape(complaint)):
        leak_rules.read(LEAK_BYTES.replace(old, new, 1), "rules.json", None)


def test_phrases_of_the_constitution_are_permitted_exactly(tmp_path):
    given = b'["The Council approves, and decides."]'
    rules = leak_rules.read(
        LEAK_BYTES.replace(b'"constitution": []', b'"constitution": ' + given), "r", None
    )

    def names(text: str) -> list[str]:
        put(tmp_path, {DOCUMENT: text})
        return [violation.pattern for violation in scanner.scan(tmp_path, rules).violations]

    assert names("So: The Council\n> approves,  and decides. ") == []
    assert names("So: The council approves, and decides.") == ["Approves", "AgentDecide"]
    assert names("The Council approves, and decides.x") == ["Approves", "AgentDecide"]
    assert names("The Council approves, and decides. It confirms.") == ["Confirms"]


class Counting(scanner._Reader):
    reads: ClassVar[list[str]] = []

    def read(self, path):
        self.reads.append(path)
        return super().read(path)


def test_what_is_known_is_not_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(scanner, "_Reader", Counting)
    root = put(tmp_path / "repo", {DOCUMENT: LEAK, MODULE: "pass", "coo/runtime/b.py": b"\xff"})
    for place in root.rglob("*"):
        os.utime(place, ns=(1, 1))

    def scan(rules=LEAKS, file="known"):
        Counting.reads = []
        cache = StatCache(tmp_path / "cache", keep=True, root=root)
        known = Known(tmp_path / file, cache, rules.sha256)
        report = scanner.scan(root, rules, known=known).report_bytes()
        known.save()
        cache.save()
        return report, sorted(Counting.reads)

    plain = scanner.scan(root, LEAKS).report_bytes()
    every = sorted([DOCUMENT, MODULE, "coo/runtime/b.py"])
    assert scan() == (plain, every)
    assert _settled(scan) == (plain, [])
    put(root, {MODULE: "x = 'confirms'"})
    changed = scan()
    assert changed == (scanner.scan(root, LEAKS).report_bytes(), [MODULE])
    other = leak_rules.read(LEAK_BYTES + b"\n", "rules.json", None)
    assert scan(other)[1] == every
    (tmp_path / "known").write_bytes(b"{}")
    assert scan() == (changed[0], every)


def _settled(scan):
    """Scan until the files are older than the tick of the file system's clock."""
    for _ in range(200):
        told = scan()
        if not told[1]:
            break
    return told
