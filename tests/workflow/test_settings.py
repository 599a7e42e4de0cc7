"""The configuration of packets is read strictly, and nothing in it can open what is closed."""

from __future__ import annotations

import pytest

from sealwright import document
from sealwright.contracts.workflow.settings import FILE, Limits, Settings
from sealwright.errors import Misconfigured
from tests.workflow.packets import ADMISSION, ID, NAME, parsed

KEY = "A" * 40
TEXT = f"""\
packets:
  {ID}:
    packet: {NAME}
    admission: {ADMISSION}
    backend: {{command: [python3, agent.py]}}
    approvals: {{keys: ["{KEY}"], public: config/approvers.asc}}
"""


def read(text: str) -> Settings:
    with document.parse(text.encode(), FILE) as table:
        return Settings.read(table)


def changed(before: str, after: str) -> Settings:
    assert TEXT.count(before) == 1
    return read(TEXT.replace(before, after))


def test_what_has_to_be_said_is_enough(tmp_path):
    settings = read(TEXT)
    work = settings.works[ID]
    assert (work.packet, work.admission, work.isolation) == (NAME, ADMISSION, "namespaces")
    assert work.backend.command == ("python3", "agent.py")
    assert work.limits == Limits(600, 64, 1024, 256, 64, 1024, "0.00")
    policy = settings.policy(work, tmp_path)
    assert policy.approvers.keys == (KEY,) and not policy.unsigned
    assert policy.folder == tmp_path / "config/approvals"
    assert settings.evidence == "evidence"


def test_no_packets_are_none():
    assert read("").works == {}


def test_unsigned_has_to_be_stated(tmp_path):
    settings = changed(f'{{keys: ["{KEY}"], public: config/approvers.asc}}', "{unsigned: allowed}")
    assert settings.policy(settings.works[ID], tmp_path).unsigned


def test_a_backend_is_a_command_a_patch_or_a_fake():
    command = "{command: [python3, agent.py]}"
    assert changed(command, "{patch: a.diff}").works[ID].backend.patch == "a.diff"
    fake = changed(command, "{fake: {src/strings.py: x, old.py: null}}").works[ID].backend
    assert fake.fake == {"src/strings.py": "x", "old.py": None} and fake.identity()


def test_a_backend_is_known_by_its_orders():
    command = "{command: [python3, agent.py]}"
    one, patch = read(TEXT).works[ID].backend, changed(command, "{patch: a}").works[ID].backend
    assert one.identity() == read(TEXT).works[ID].backend.identity()
    assert len({one.identity(), patch.identity(b""), patch.identity(b"x")}) == 3


def test_the_packet_is_the_one_that_is_named():
    work = read(TEXT).works[ID]
    assert work.check(parsed()).id == ID
    other = changed(ADMISSION, "admissions/other.json").works[ID]
    with pytest.raises(Misconfigured, match=r"expected the packet .* admissions/other\.json"):
        other.check(parsed())


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (ID, "work-49", "expected an id"),
        ("packets:", "runtime_default_activation: true\npackets:", "expected false, found 'true'"),
        ("packets:", "evidence: config\npackets:", "a folder apart from the evidence"),
        ("packets:", "surprise: 1\npackets:", "unknown key"),
        ("packets:", 'author: {name: "a <b>", email: c}\npackets:', "one line without <"),
        (f"packet: {NAME}", "packet: /etc/passwd", "is absolute"),
        (f"    packet: {NAME}\n", "", "packet: is missing"),
        ("{command: [python3, agent.py]}", "{command: []}", "a program and its arguments"),
        ("{command: [python3, agent.py]}", "{fake: {}}", "at least one path"),
        ("{command: [python3, agent.py]}", "{fake: {../x: y}}", "has a component . or .."),
        ("{command: [python3, agent.py]}", "{command: [a], patch: b}", "exactly one of the keys"),
        ("{command: [python3, agent.py]}", "{}", "exactly one of the keys"),
        (f'keys: ["{KEY}"]', "keys: []", "full fingerprints"),
        (f'keys: ["{KEY}"]', "keys: [AAAA]", "full fingerprints"),
        (f'keys: ["{KEY}"]', "waived: because", "exactly one of the keys unsigned, keys"),
        (f'{{keys: ["{KEY}"], public: config/approvers.asc}}', "{unsigned: yes}", "one of allowed"),
        ("    packet:", "    isolation: hope\n    packet:", "expected one of namespaces"),
        ("    packet:", "    limits: {seconds: 0}\n    packet:", "a whole number from 1"),
        ("    packet:", '    limits: {budget: "-1"}\n    packet:', "a decimal string"),
        ("    packet:", "    variables: [GITHUB_TOKEN]\n    packet:", "that hold no secret"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(before, after, said):
    with pytest.raises(Misconfigured, match=rf"^{FILE}:\d+:\d+: ") as told:
        changed(before, after)
    assert said in str(told.value)
