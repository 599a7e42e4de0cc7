"""No spelling and no link is a way to the files by which a mission is judged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import sealwright.runtime
from sealwright.runtime import canonical
from sealwright.runtime.governance import self_mod_protection
from sealwright.runtime.governance.self_mod_protection import PROTECTED, SelfModProtection

CORE = Path(sealwright.runtime.__file__).parent

IS, HOLDS = "is protected by", "holds what is protected by"
FREE = "is not protected"
DOTS = "has a component . or .."
TAIL = "has a component that ends in a dot or a space"
OUT = "leads out of its root by a symbolic link"

LINKS = {
    "src/to_runtime": "../runtime",
    "src/to_judge": "../runtime/governance/self_mod_protection.py",
    "src/to_top": "..",
    "src/to_config": "../config",
    "src/to_claude": "../claude.md",
    "src/chain": "to_runtime",
    "src/out": "../../outside",
    "src/etc": "/etc",
    "src/new": "../runtime/not/yet/there",
    "src/fine": "deep",
    "src/circle": "circle",
    "runtime/way_out": "../src",
    "AGENTS.md": "src/agents.txt",
    "docs/03_runtime/Implementation_Plan_Build_Loop_Phase2_v9.md": "../../src/plan.txt",
}

TABLE = [
    # every rule, what is below, what is above
    ("runtime", IS),
    ("runtime/__init__.py", IS),
    ("runtime/orchestration/operations.py", IS),
    ("runtime/governance/self_mod_protection.py", IS),
    ("runtime/tests/test_operations.py", IS),
    ("runtime/not/yet/there", IS),
    ("scripts/audit_gate_build_loop_phase2.py", IS),
    ("manifest.txt", IS),
    ("pytest.ini", IS),
    ("conftest.py", IS),
    ("CLAUDE.md", IS),
    ("GEMINI.md", IS),
    ("AGENTS.md", IS),
    (".git", IS),
    (".git/hooks/pre-commit", IS),
    ("config/agent_roles", IS),
    ("config/agent_roles/judge.yaml", IS),
    ("config/models.yaml", IS),
    ("config/governance_baseline.yaml", IS),
    ("docs/03_runtime/Implementation_Plan_Build_Loop_Phase2_v1.1.md", IS),
    ("docs/03_runtime/LifeOS_Autonomous_Build_Loop_Architecture_v0.3.md", IS),
    ("config", HOLDS),
    ("scripts", HOLDS),
    ("docs", HOLDS),
    ("docs/03_runtime", HOLDS),
    ("Docs/03_Runtime", HOLDS),
    # case and Unicode
    ("RUNTIME", IS),
    ("Runtime/Governance/Self_Mod_Protection.PY", IS),
    ("claude.md", IS),
    ("Claude.MD", IS),
    ("MANIFEST.TXT", IS),
    (".GIT/config", IS),
    ("CONFIG/Models.YAML", IS),
    ("docs/03_runtime/IMPLEMENTATION_PLAN_build_loop_x.MD", IS),
    ("con\ufb01g/models.yaml", IS),
    ("conf\u0131g/models.yaml", FREE),
    ("manife\u017ft.txt", IS),
    ("mani\ufb01est.txt", FREE),
    ("manife\ufb06.txt", IS),
    ("run\u200ctime", IS),
    (".g\u200dit/config", IS),
    ("\u202eruntime", IS),
    ("regles/caf\u00e9.yaml", IS),
    ("regles/cafe\u0301.yaml", IS),
    ("REGLES/CAFE\u0301.yaml", IS),
    # spellings that are refused before any rule is asked
    ("", "is empty"),
    (".", DOTS),
    ("..", DOTS),
    ("./CLAUDE.md", DOTS),
    ("a/../CLAUDE.md", DOTS),
    ("src/../runtime/canonical.py", DOTS),
    ("runtime/.", DOTS),
    ("runtime/..", DOTS),
    ("../root/runtime", DOTS),
    ("../outside/a", DOTS),
    ("/CLAUDE.md", "is absolute"),
    ("/etc/passwd", "is absolute"),
    ("//runtime", "is a UNC path"),
    ("runtime//canonical.py", "has an empty component"),
    ("runtime/", "ends in a slash"),
    ("~/CLAUDE.md", "starts with ~"),
    ("C:/repo/CLAUDE.md", "starts with a drive letter"),
    ("runtime\\canonical.py", "has a backslash"),
    ("a\\..\\CLAUDE.md", "has a backslash"),
    ("\\\\?\\C:\\CLAUDE.md", "is a UNC path"),
    ("CLAUDE.md\0", "has a control character"),
    ("src/a\0/../../CLAUDE.md", "has a control character"),
    ("CLAUDE.md\n", "has a control character"),
    ("CLAUDE.md.", TAIL),
    ("CLAUDE.md ", TAIL),
    ("CLAUDE.md. . .", TAIL),
    ("runtime./canonical.py", TAIL),
    ("runtime /canonical.py", TAIL),
    ("CLAUDE.md::$DATA", 'has one of <>:"|?*'),
    ("runtime:x", 'has one of <>:"|?*'),
    ("runtim*", 'has one of <>:"|?*'),
    ("CLAUDE.m?", 'has one of <>:"|?*'),
    ("\ufeffCLAUDE.md", "has a code point that is not a character"),
    ("CLAUDE\udc2emd", "has a lone surrogate"),
    ("src/nul", "is a device on Windows"),
    # links
    ("src/to_runtime", IS),
    ("src/to_runtime/new.py", IS),
    ("src/chain/governance", IS),
    ("src/to_judge", IS),
    ("src/to_claude", IS),
    ("src/new", IS),
    ("src/to_config", HOLDS),
    ("src/to_config/models.yaml", IS),
    ("src/to_top", HOLDS),
    ("src/to_top/CLAUDE.md", IS),
    ("src/agents.txt", IS),
    ("src/plan.txt", IS),
    ("runtime/way_out/a", IS),
    ("src/out", OUT),
    ("src/out/a", OUT),
    ("src/etc/passwd", OUT),
    ("src/circle", "has more than 40 symbolic links on its way"),
    # names of one file
    ("src/twin.py", "has 2 names on disk, and another may be protected"),
    # what is free
    ("src", HOLDS),  # since AGENTS.md leads into it
    ("src/a", FREE),
    ("src/fine/a", FREE),
    ("src/runtime/canonical.py", FREE),
    ("src/CLAUDE.md", FREE),
    ("runtimes", FREE),
    ("runtime.py", FREE),
    ("CLAUDE.md.txt", FREE),
    ("my_CLAUDE.md", FREE),
    ("\u0441onftest.py", FREE),
    ("config/other.yaml", FREE),
    ("docs/notes.md", FREE),
    ("docs/03_runtime/notes.md", FREE),
    ("scripts/build.py", FREE),
    (".gitignore", FREE),
    ("other", FREE),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("protected")
    root = folder / "root"
    for name in ("runtime/governance", "src/deep", "config", "docs/03_runtime", "other"):
        (root / name).mkdir(parents=True)
    (folder / "outside").mkdir()
    judge = root / "runtime/governance/self_mod_protection.py"
    judge.write_text("rules")
    os.link(judge, root / "src/twin.py")
    for name, target in LINKS.items():
        (root / name).symlink_to(target)
    return root


def _protection(root: Path) -> SelfModProtection:
    return SelfModProtection(root, ["regles/caf\u00e9.yaml"])


def test_the_table_is_long():
    assert len({path for path, _ in TABLE}) == len(TABLE) >= 100


@pytest.mark.parametrize(("path", "reason"), TABLE, ids=ascii)
def test_a_path_is_protected_refused_or_free_with_its_reason(root, path, reason):
    decision = _protection(root).check("write", path)
    assert decision.allowed is (reason == FREE)
    assert reason in decision.reason
    assert (HOLDS in decision.reason) is (reason == HOLDS)
    assert decision.evidence["op"] == "write"
    canonical.encode(decision.evidence)


@pytest.mark.parametrize("op", ["read", "write", "", "delete", "wr\udcffite"], ids=ascii)
def test_no_operation_is_excepted(root, op):
    assert not _protection(root).check(op, "CLAUDE.md")
    canonical.encode(_protection(root).check(op, "CLAUDE.md").evidence)


def test_a_refusal_says_which_rule_and_where_the_links_led(root):
    decision = _protection(root).check("write", "src/chain/new.py")
    assert decision.evidence == {
        "op": "write",
        "path": "src/chain/new.py",
        "resolved": "runtime/new.py",
        "rule": "runtime",
    }
    assert decision.reason == (
        "path 'src/chain/new.py', which leads to 'runtime/new.py', is protected by 'runtime'"
    )


@pytest.mark.parametrize("more", [(), ("src",), tuple(PROTECTED[:3])])
def test_rules_are_added_and_never_removed(tmp_path, more):
    rules = SelfModProtection(tmp_path, more).rules
    assert {*PROTECTED, *more} <= set(rules)
    assert len(rules) == len(set(rules))


@pytest.mark.parametrize("rule", ["", ".", "..", "/a", "a/", "a\\b", "**", "a/**", "a**b", "nul"])
def test_a_rule_that_makes_no_sense_is_none(tmp_path, rule):
    with pytest.raises(ValueError, match=r"^(path|rule) "):
        SelfModProtection(tmp_path, [rule])


def test_the_list_holds_the_judges_and_this_module_itself():
    assert "runtime" in PROTECTED
    assert "scripts/audit_gate_build_loop_phase2.py" in PROTECTED
    assert {"manifest.txt", "pytest.ini", "CLAUDE.md", "GEMINI.md"} <= set(PROTECTED)
    told = str(self_mod_protection.__doc__)
    assert [rule for rule in PROTECTED if f"``{rule}``" not in told] == [
        rule for rule in PROTECTED if rule.startswith("docs/03_runtime/")
    ]


@pytest.mark.parametrize("up", range(4))
def test_the_core_is_protected_wherever_it_lies(up):
    root = CORE.parents[up]
    path = (CORE / "governance/self_mod_protection.py").relative_to(root).as_posix()
    assert IS in SelfModProtection(root).check("write", path).reason
    assert not SelfModProtection(root).check("write", path.upper())


@pytest.mark.parametrize("inside", [CORE, CORE / "governance"])
def test_a_repository_within_the_core_is_protected_as_a_whole(inside):
    protection = SelfModProtection(inside)
    assert "." in protection.rules
    assert not protection.check("write", "anything")
    assert protection.state()


def test_a_root_that_is_a_link_is_fixed_when_the_protection_is_made(root, tmp_path):
    (tmp_path / "alias").symlink_to(root)
    protection = SelfModProtection(tmp_path / "alias")
    (tmp_path / "alias").unlink()
    assert not protection.check("write", "src/to_runtime/a")


# The state of what is protected.


def _tree(folder: Path) -> Path:
    for name in ("runtime", "src", ".git/hooks", ".git/objects", "docs/03_runtime", "config"):
        (folder / name).mkdir(parents=True)
    (folder / ".git/config").write_text("[core]")
    (folder / "CLAUDE.md").write_text("be good")
    (folder / "runtime/a.py").write_text("a")
    return folder


@pytest.mark.parametrize(
    "path",
    [
        "runtime/a.py",
        "runtime/b.py",
        "runtime/__pycache__/a.pyc",
        "CLAUDE.md",
        "pytest.ini",
        "conftest.py",
        "config/agent_roles/x",
        "docs/03_runtime/Implementation_Plan_Build_Loop_Phase2_v1.1.md",
        ".git/hooks/post-checkout",
        ".git/config",
    ],
)
def test_the_state_is_another_after_a_change_of_what_is_protected(tmp_path, path):
    protection = SelfModProtection(_tree(tmp_path))
    before = protection.state()
    (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
    (tmp_path / path).write_text("other")
    assert protection.state() != before


@pytest.mark.parametrize("path", ["src/a", ".git/index", ".git/objects/ab", "docs/03_runtime/a"])
def test_the_state_is_the_same_after_any_other_change(tmp_path, path):
    protection = SelfModProtection(_tree(tmp_path))
    before = protection.state()
    (tmp_path / path).write_text("other")
    assert protection.state() == before


def test_the_state_shows_a_change_of_a_file_to_which_a_protected_link_leads(tmp_path):
    protection = SelfModProtection(_tree(tmp_path))
    (tmp_path / "src/gemini.txt").write_text("be good")
    (tmp_path / "GEMINI.md").symlink_to("src/gemini.txt")
    before = protection.state()
    (tmp_path / "src/gemini.txt").write_text("be bad")
    assert protection.state() != before
