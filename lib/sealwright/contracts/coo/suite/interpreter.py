"""The interpreter whose environment the tests have, as it describes itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright import process
from sealwright.errors import Refused

_ASK = """
import json, os, site, sys, sysconfig
wanted = list(site.getsitepackages())
if site.ENABLE_USER_SITE:
    wanted.insert(0, site.getusersitepackages())
wanted = [os.path.realpath(each) for each in wanted]
sites = []
for entry in sys.path:
    if os.path.realpath(entry) in wanted and entry not in sites and os.path.isdir(entry):
        sites.append(entry)
print("\\n" + json.dumps({
    "base": getattr(sys, "_base_executable", "") or sys.executable,
    "implementation": sys.implementation.name,
    "major": sys.version_info[0],
    "minor": sys.version_info[1],
    "prefix": sys.prefix,
    "program": sys.executable,
    "scripts": sysconfig.get_path("scripts"),
    "sites": sites,
    "version": sys.version.split()[0],
}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python, where its packages are, and where its programs."""

    program: Path
    base: Path
    prefix: Path
    scripts: Path
    sites: tuple[Path, ...]
    implementation: str
    version: str
    short: str

    def is_program(self, place: str) -> bool:
        """Return whether a path is that of this interpreter."""
        path = Path(place)
        known = {self.program, self.base, self.program.resolve()}
        return path in known or (path.parent == self.scripts and path.name.startswith("python"))


def ask(program: Path, env: Mapping[str, str]) -> Interpreter:
    """Return what the Python at ``program`` says about itself; `Refused` if it is none."""
    done = process.run([str(program), "-c", _ASK], cwd=Path("/"), env=env, check=False)
    try:
        said: dict[str, Any] = json.loads(done.out.splitlines()[-1])
    except (IndexError, ValueError):
        what = f"expected a Python that describes itself, found exit code {done.code}"
        raise Refused(f"{program}: {what}; name another interpreter") from None
    return Interpreter(
        program=Path(said["program"]),
        base=Path(said["base"]),
        prefix=Path(said["prefix"]),
        scripts=Path(said["scripts"]),
        sites=tuple(map(Path, said["sites"])),
        implementation=said["implementation"],
        version=said["version"],
        short=f"{said['major']}.{said['minor']}",
    )
