"""What people do around the migration of the example: configure it, agree to it, commit it.

They are played from outside by whoever walks through the example (see `person`).
"""

from __future__ import annotations

from pathlib import Path

from sealwright import durable
from sealwright.contracts import coo
from sealwright.example import person
from sealwright.example.person import Passed

CONFIG, PUBLIC = "config/coo.yaml", "config/approvers.asc"
CHAIN = (*coo.CHAIN, "migration_bundle")
MOST = 4  # runs of the migration: one, and one after each of two approvals
MESSAGE = "Retire project_builder in favour of coo"
SAYS = {
    'legacy: ""\n': "legacy: project_builder\n",
    "governed: []\n": "governed: [docs/01_governance]\n",
    "amendments: []\n": "amendments: [config/amendments.yaml]\n",
    "modules: []\n": "modules: [{name: house, command: [python, -m, coo, docs/house.json]}]\n",
}
_ASKED = "# approvals: {keys: [FINGERPRINT], public: config/approvers.asc}\n"
_MORE = """
# The implementation pack of the migration bundle.
migration_bundle: {implementation_pack: docs/plan.md}
"""


def configure(example: Path, fingerprint: str, public: bytes) -> None:
    """Say in the configuration what is to be retired, and who may agree to it."""
    text = (example / CONFIG).read_text()
    named = f"approvals: {{keys: [{fingerprint}], public: {PUBLIC}}}\n"
    for old, new in {**SAYS, _ASKED: named}.items():
        text = text.replace(old, new)
    durable.write(example / CONFIG, (text + _MORE).encode())
    durable.write(example / PUBLIC, public)
    print(f"operator: says in {CONFIG} what is retired, and who may agree to it")


def go(example: Path) -> Passed:
    """Go through the migration, agreeing to what it asks, and commit it."""
    executed: set[str] = set()
    for _ in range(MOST):
        said = person.doit(example, "run", "--json", *CHAIN)
        executed |= said.executed
        asked = list(said.asked)
        for name, texts in asked:
            person.sign(example, name, texts[0])
        if not asked:
            break
    if said.code == 0 and executed:
        person.commit(example, MESSAGE)
    return Passed(said.code, executed)
