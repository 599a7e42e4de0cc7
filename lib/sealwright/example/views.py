"""Where to look after the walk: what is proved now, and the commands that show it."""

from __future__ import annotations

import sys
from pathlib import Path

from sealwright import process
from sealwright.bundles.layout import GATE
from sealwright.example import keys, targets, workflow
from sealwright.example.person import shown
from sealwright.lineage import REGISTRY
from sealwright.snapshot import ENCRYPTED, FOLDER


def tell(example: Path) -> None:
    """Print the commands that show what is proved, without Sealwright and with it."""
    here, key = shown(example), shown(keys.secret(example))
    latest = "observability/artifacts/sot_packs/latest"
    (snapshot,) = sorted((example / FOLDER).iterdir())[-1:]
    gate = f"scripts/{GATE.name}"
    bundle = f"{here}/artifacts/bundles/Bundle_Build_Loop_Phase2_v1.1.zip"
    encrypted = f"{here}/{FOLDER}/{snapshot.name}/{ENCRYPTED}"
    home = f"H=$(mktemp -d) && gpg -q --homedir $H --import {key}"
    evidence = f"{here}/{workflow.evidence(example)}"
    _where_programs_are()
    print(f"""
What is proved now, and how to see it without Sealwright:
  (cd {here}/{latest} && sha256sum -c --strict sha256sums.txt)
  tail -n 1 {here}/observability/stl/ledger/activity_feed.jsonl
  D=$(mktemp -d) && python3 -m zipfile -e {bundle} $D && python3 -I $D/{gate} --zip {bundle}
  (cd {here} && python3 -m coo docs/house.json)
  (cd {evidence} && sha256sum -c --strict {workflow.SUMS} && cat report.md)
  git -C {here}/{targets.FOLDER}/{targets.OWNED} log
  cat {here}/.adam_os/artifacts/work_orders/*.json
  {home} && gpg -q --homedir $H --decrypt {encrypted} | tar -tv; gpgconf --homedir $H --kill all
and with it:
  (cd {here} && doit verify)
  sealwright verify {here}/{latest}
  sealwright verify {evidence}
  sealwright verify {here}/{REGISTRY}
  sealwright verify {here}/coo/manifests/migration_bundle.zip
  {home} && (cd {here} && inv snapshot.restore {snapshot.name} ../restored --homedir $H)
Change a file, then ask why: (cd {here} && doit plan && doit why sot_pack:pack)""")


def _where_programs_are() -> None:
    """Say how to find the programs, unless a shell does."""
    programs = Path(sys.executable).parent
    found = process.find("doit", process.environment())
    if found is None or found.parent != programs:
        print(f"\nFirst, so that your shell finds the programs: export PATH={programs}:$PATH")
