"""The scripts that the documents name: thin, and with the exit codes of the house."""

from __future__ import annotations

import sys

import pytest

from tests.support.example import PROJECT

pytest_plugins = ("tests.support.repositories",)

SCRIPTS = sorted(path.name for path in (PROJECT / "scripts").glob("*.py"))


def test_the_scripts_of_the_document_are_there():
    wanted = {"build_sot_pack.py", "activity_feed_linter.py"}  # document 000
    wanted |= {"apply_amendments.py", "run_lint.py", "run_scanner.py"}  # document 003
    assert wanted <= set(SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_has_help_and_takes_wrong_words_for_a_wrong_configuration(bare, script):
    path = PROJECT / "scripts" / script
    shown = bare.run(sys.executable, path, "--help")
    assert shown.code == 0 and shown.out.startswith(f"usage: {script}")
    wrong = bare.run(sys.executable, path, "--frobnicate")
    assert wrong.code == 3 and "unrecognized arguments: --frobnicate" in wrong.err


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_is_executable_and_short(script):
    path = PROJECT / "scripts" / script
    assert path.read_text().startswith("#!/usr/bin/env python3\n")
    alone = script == "audit_gate_build_loop_phase2.py"  # one file, which travels in bundles
    assert alone or len(path.read_text().splitlines()) < 60


def test_the_builder_packs_and_seals_a_verified_commit(bare):
    assert bare.doit("sot_pack:verify_head").code == 0
    done = bare.build()
    assert done.code == 0, done.said
    assert bare.latest == bare.names[0] and bare.actions[-1] == "sot_seal"
    again = bare.build()
    assert again.code == 0 and "nothing executed" in again.out


def test_the_builder_verifies_nothing_itself(sealed):
    sealed.write("0luka.md", "# What is true now\n")
    sealed.commit()
    before = sealed.actions
    done = sealed.build()
    assert done.code == 1 and "doit sot_pack:verify_head" in done.said
    assert sealed.actions == before


def test_the_builder_works_from_elsewhere(bare, tmp_path):
    assert bare.doit("sot_pack:verify_head").code == 0
    script = PROJECT / "scripts/build_sot_pack.py"
    done = bare.run(sys.executable, script, "--repo", bare.root, cwd=tmp_path)
    assert done.code == 0 and bare.latest == bare.names[0]


def test_the_builder_ends_with_2_for_a_damaged_pack(sealed):
    (sealed.pack / "0luka.md").unlink()
    done = sealed.build()
    assert done.code == 2 and "sot_pack:pack: " in done.said


def test_the_builder_ends_with_3_where_nothing_is_set_up(bare, tmp_path):
    script = PROJECT / "scripts/build_sot_pack.py"
    done = bare.run(sys.executable, script, cwd=tmp_path)
    assert done.code == 3 and "dodo.py: expected it, found none; sealwright init" in done.err
    bare.write("config/sot_pack.yaml", "verification: x\n")
    wrong = bare.build()
    assert wrong.code == 3 and "config/sot_pack.yaml:1:15: sot_pack.verification" in wrong.err
