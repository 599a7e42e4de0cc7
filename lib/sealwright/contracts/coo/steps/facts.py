"""The four manifests of the world (document 003, §3), each a step.

What only an act or a drift needs is imported there: most commands ask for neither.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealwright import digest, durable
from sealwright.contracts.coo.manifests import tools
from sealwright.contracts.coo.manifests.places import Places
from sealwright.contracts.coo.settings import Settings
from sealwright.contracts.coo.steps import ground, release
from sealwright.contracts.coo.steps.ground import ENVIRONMENT, manifest, surroundings, while_frozen
from sealwright.digest import Digest
from sealwright.step import Fact, File, Guard, Input, Run, Step, Tree, World
from sealwright.verdict import Verdict

if TYPE_CHECKING:
    from sealwright.contracts.coo.manifests import sandbox

_CODE = "sealwright.contracts.coo.manifests"
TOOLS, CYCLONEDX, HARDWARE = "tools_manifest.json", "tools.cdx.json", "hardware_manifest.json"
SANDBOX = "sandbox_digest.txt"
Read = Callable[[World], bytes]


def steps(settings: Settings, world: World) -> list[Step]:
    """Return the steps that write the manifests."""
    return [
        _folder(settings),
        _tools(settings),
        _step(settings, "environment", ENVIRONMENT, _environment(settings), _seen(settings)),
        _step(settings, "hardware", HARDWARE, _hardware, Fact("hardware", _machine)),
        _sandbox(settings, world),
    ]


def _folder(settings: Settings) -> Step:
    ignoring = ground.ignoring(settings)

    def act(run: Run) -> None:
        durable.create(run.path(ignoring), b"*\n")

    return Step(
        name="manifests:folder",
        doc="Make the folder of manifests, which keeps itself out of git.",
        act=act,
        outputs=(ignoring,),
        code=(__name__,),
    )


def unchanged(settings: Settings) -> list[Guard]:
    """Return the guards that ask whether everything still is what the manifests say."""
    return [
        _unchanged("tools", manifest(settings, TOOLS), _read_tools(settings)),
        _unchanged("environment", manifest(settings, ENVIRONMENT), _environment(settings)),
        _unchanged("hardware", manifest(settings, HARDWARE), _hardware),
        _unchanged("sandbox", manifest(settings, SANDBOX), _read_sandbox(settings)),
    ]


def _step(settings: Settings, name: str, file: str, read: Read, *inputs: Input) -> Step:
    output = manifest(settings, file)

    def act(run: Run) -> Verdict:
        data = read(run)
        durable.create(run.path(output), data)
        return Verdict((), {"drift": [str(each) for each in _drift(run, output, data).findings]})

    return Step(
        name=f"manifests:{name}",
        doc=_DOCS[name],
        act=act,
        inputs=(*inputs, ground.ignoring(settings)),
        outputs=(output,),
        guards=(release.guard(settings), _unchanged(name, output, read)),
        code=(f"{_CODE}.{name}",),
        full=True,
    )


_DOCS = {
    "environment": "Write down the environment that children get.",
    "hardware": "Write down the machine: processors, memory, file system, virtualisation.",
    "sandbox": "Verify the sandbox image, and write down its digest.",
}


def _unchanged(name: str, output: File, read: Read) -> Guard:
    """Return the guard that names, field by field, what drifted while FREEZE is TRUE."""
    doc = f"Ask whether, while FREEZE is TRUE, the manifest of {name} still is true."
    return while_frozen(f"same_{name}", doc, lambda world: _drift(world, output, read(world)))


def _drift(world: World, output: File, data: bytes) -> Verdict:
    place = world.place(output.path)
    if not place.is_file() or place.read_bytes() == data:
        return Verdict()
    from sealwright.contracts.coo.manifests import drift

    return drift.compare(place.read_bytes(), data)


def _tools(settings: Settings) -> Step:
    manifest_, bill = manifest(settings, TOOLS), manifest(settings, CYCLONEDX)
    used, read = _used(settings), _read_tools(settings)

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo.manifests import cyclonedx

        data = read(run)
        durable.create(run.path(manifest_), data)
        durable.create(run.path(bill), cyclonedx.render(data))
        return Verdict((), {"drift": [str(each) for each in _drift(run, manifest_, data).findings]})

    return Step(
        name="manifests:tools",
        doc="Write down each executable and package that the chain uses, by digest.",
        act=act,
        inputs=(
            Fact("toolchain", lambda world: digest.sha256(repr(_chain(world)).encode())),
            Fact("programs", lambda world: _programs(settings, world, used)),
            ground.ignoring(settings),
        ),
        outputs=(manifest_, bill),
        arguments={"tools": [tool.name for tool in used]},
        guards=(release.guard(settings), _unchanged("tools", manifest_, read)),
        code=(f"{_CODE}.tools", f"{_CODE}.cyclonedx"),
        full=True,
    )


def _used(settings: Settings) -> tuple[tools.Tool, ...]:
    return tools.of_chain(sys.executable, settings.test_command, map(tools.Tool, settings.tools))


def _read_tools(settings: Settings) -> Read:
    used = _used(settings)
    return lambda world: tools.read(used, Places(world.root), surroundings(settings, world))


def _chain(world: World) -> Any:
    from sealwright.contracts.coo.manifests import toolchain

    return toolchain.packages(), toolchain.python(Places(world.root))


def _programs(
    settings: Settings, world: World, used: tuple[tools.Tool, ...]
) -> dict[str, str | None]:
    """Return the digest of each program, and None for what is missing."""
    found: dict[str, str | None] = {}
    for tool in used:
        place = tools.located(tool, Places(world.root), surroundings(settings, world))
        found[tool.name] = digest.of_file(place.resolve()).sha256 if place else None
    return found


def _environment(settings: Settings) -> Read:
    def read(world: World) -> bytes:
        from sealwright.contracts.coo.manifests import environment

        return environment.read(Places(world.root), surroundings(settings, world))

    return read


def _seen(settings: Settings) -> Fact:
    """Return what tells that the environment is another, without asking who keeps secrets."""

    def read(world: World) -> dict[str, str]:
        places = Places(world.root)
        given = {n: places.spell_all(v) for n, v in surroundings(settings, world).items()}
        parts = {"system": _text("/etc/os-release"), "kernel": repr(os.uname()[2:])}
        about = {**given, **parts, "python": sys.version}
        return {name: digest.sha256(value.encode()) for name, value in sorted(about.items())}

    return Fact("environment", read)


def _text(place: str) -> str:
    return Path(place).read_text(errors="replace") if Path(place).is_file() else ""


def _hardware(world: World) -> bytes:
    from sealwright.contracts.coo.manifests import hardware

    return hardware.read(Places(world.root))


def _machine(world: World) -> Digest:
    return digest.sha256(_hardware(world))


def _sandbox(settings: Settings, world: World) -> Step:
    wish = settings.sandbox
    made = _step(settings, "sandbox", SANDBOX, _read_sandbox(settings), *image(settings, world))
    about = {"waived": wish.waived, "reference": wish.reference, "digest": wish.digest}
    arguments = {**about, "entrypoint": list(wish.entrypoint)}
    return replace(made, arguments=arguments)


def declared(settings: Settings, world: World) -> sandbox.Sandbox | sandbox.Waived:
    """Return the sandbox of the configuration, or why there is none."""
    from sealwright.contracts.coo.manifests import sandbox

    wish = settings.sandbox
    if wish.image is None:
        return sandbox.Waived(wish.waived)
    return sandbox.Sandbox(
        world.place(wish.image),
        reference=wish.reference,
        digest=digest.parse(wish.digest) if wish.digest else None,
        entrypoint=wish.entrypoint or None,
    )


def _read_sandbox(settings: Settings) -> Read:
    def read(world: World) -> bytes:
        from sealwright.contracts.coo.manifests import sandbox

        return sandbox.read(declared(settings, world))

    return read


def image(settings: Settings, world: World) -> tuple[File | Tree, ...]:
    """Return the sandbox's image, where there is one."""
    path = settings.sandbox.image
    if path is None:
        return ()
    return (Tree(path) if world.place(path).is_dir() else File(path),)
