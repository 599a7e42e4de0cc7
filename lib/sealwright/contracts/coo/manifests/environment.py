"""``environment_manifest.json``: the environment that Sealwright gives its children.

It is the one that a child would be given (`sealwright.process.allow_listed`), and not that of
whoever called, so that a terminal, make and CI agree.

==========  ================================================================================
os          ``id``, ``name``, ``version`` and so on, from ``/etc/os-release``
kernel      name, release, version and machine; no name of the host
python      the interpreter that runs this: version, implementation, cache tag, prefixes
locale      ``LANG`` and ``LC_ALL``
path        the folders of ``PATH`` in their order
variables   all others by name: the value, or, if it looks like a secret, its SHA-256 alone
umask, tz   as children have them
==========  ================================================================================

What looks like a secret is said by detect-secrets (see `sealwright.secrets`) and by the
name: a token, a password and the like.  Who said so stands in the place of the value.

>>> _os('NAME="Debian GNU/Linux"\\nVERSION_ID=12\\n')["version_id"]
'12'
"""

from __future__ import annotations

import os
import platform
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sealwright import digest, secrets
from sealwright.contracts.coo.manifests.places import UNAVAILABLE, Places, text, written
from sealwright.runtime import canonical

_TOLD = {"LANG", "LC_ALL", "PATH", "TZ"}  # in fields of their own
_HARMLESS = {"HOME", "SOURCE_DATE_EPOCH", "TMPDIR"}  # what every child is given
_SECRET = re.compile(
    "TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|COOKIE|PRIVATE"
    "|(?:API|ACCESS|AUTH)_?KEY|_(?:AUTH|PAT|PWD)$",
    re.IGNORECASE,
)
_OS = ("build_id", "id", "name", "pretty_name", "variant_id", "version", "version_id")


def read(places: Places, env: Mapping[str, str], root: Path = Path("/")) -> bytes:
    """Return the manifest of a child's environment; ``root`` is that of the system."""
    return canonical.line(facts(places, env, root))


def facts(places: Places, env: Mapping[str, str], root: Path = Path("/")) -> dict[str, Any]:
    """Return what the manifest says."""
    release = text(root / "etc/os-release") or text(root / "usr/lib/os-release") or ""
    return {
        "kernel": _kernel(),
        "locale": {name: env.get(name, UNAVAILABLE) for name in ("LANG", "LC_ALL")},
        "manifest": "environment",
        "os": _os(release),
        "path": [places.spell(entry) for entry in env.get("PATH", UNAVAILABLE).split(os.pathsep)],
        "python": _python(places),
        "tz": env.get("TZ", UNAVAILABLE),
        "umask": _umask(text(root / "proc/self/status") or ""),
        "variables": [
            _variable(places, name, env[name]) for name in sorted(env) if name not in _TOLD
        ],
    }


def _os(release: str) -> dict[str, str]:
    found = dict.fromkeys(_OS, UNAVAILABLE)
    for line in release.splitlines():
        name, equals, value = line.partition("=")
        if equals and name.lower() in found and name.isupper():
            found[name.lower()] = _unquoted(value)
    return found


def _unquoted(value: str) -> str:
    try:
        return "".join(shlex.split(value)) or UNAVAILABLE
    except ValueError:
        return UNAVAILABLE


def _kernel() -> dict[str, str]:
    kernel = os.uname()
    return {
        "machine": kernel.machine,
        "name": kernel.sysname,
        "release": kernel.release,
        "version": kernel.version,
    }


def _python(places: Places) -> dict[str, str]:
    return {
        "base_prefix": places.spell(sys.base_prefix),
        "cache_tag": sys.implementation.cache_tag or UNAVAILABLE,
        "executable": places.spell(sys.executable) or UNAVAILABLE,
        "implementation": platform.python_implementation(),
        "prefix": places.spell(sys.prefix),
        "version": platform.python_version(),
    }


def _umask(status: str) -> str:
    found = re.search(r"^Umask:\s*([0-7]+)$", status, re.MULTILINE)
    return found[1] if found else UNAVAILABLE


def _variable(places: Places, name: str, value: str) -> dict[str, Any]:
    kinds = set() if name in _HARMLESS or not value else _kinds(name, value)
    if not kinds:
        return {"name": written(name), "value": places.spell_all(value)}
    return {
        "looks_like": sorted(kinds),
        "name": written(name),
        "sha256": digest.sha256(os.fsencode(value)),
    }


def _kinds(name: str, value: str) -> set[str]:
    """Return what a variable looks like, if it looks like a secret."""
    reasons = secrets.found({name: value}, lambda _: False)
    kinds = {kind for each in reasons for kind in each.partition("like: ")[2].split(", ")}
    return kinds | ({"Name of a secret"} if _SECRET.search(name) else set())
