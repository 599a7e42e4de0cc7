"""An image is read as it lies, believed in nothing, and means one thing or is refused."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sealwright import oci
from sealwright.digest import Digest
from sealwright.errors import Damaged, Refused
from sealwright.oci import Limits, tar
from sealwright.oci.layers import Entry
from sealwright.oci.tree import Tree
from sealwright.verdict import Verdict
from tests.support.programs import needed

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
INDEX, MANIFEST = f"{OCI}index.v1+json", f"{OCI}manifest.v1+json"
NAME = "org.opencontainers.image.ref.name"
Member = tuple[tarfile.TarInfo, bytes]


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def member(name: str, data: bytes = b"", **fields: Any) -> Member:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def program(name: str, data: bytes = b"#!/bin/sh\n") -> Member:
    return member(name, data, mode=0o755)


def folder(name: str) -> Member:
    return member(name, type=tarfile.DIRTYPE, mode=0o755)


def symbolic(name: str, to: str) -> Member:
    return member(name, type=tarfile.SYMTYPE, linkname=to)


def hard(name: str, to: str) -> Member:
    return member(name, type=tarfile.LNKTYPE, linkname=to)


def tarred(*members: Member, form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


SHELL = tarred(folder("bin"), program("bin/sh", b"a shell\n"))


@dataclass
class Layout:
    """A store of an image under construction; what is not said is as it should be."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    listed: list[dict[str, Any]] = field(default_factory=list)

    def blob(self, kind: str, content: Any, **fields: Any) -> dict[str, Any]:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.blobs[sha256(data)] = data
        return {"mediaType": kind, "digest": sha256(data), "size": len(data)} | fields

    def image(
        self,
        *layers: bytes,
        config: dict[str, Any] | None = None,
        architecture: str = "amd64",
        packed: bool = False,
        **fields: Any,
    ) -> dict[str, Any]:
        """Add an image, and return the descriptor of its manifest."""
        layers = layers or (SHELL,)
        said = {"Entrypoint": ["/bin/sh"]} if config is None else config
        rootfs = {"type": "layers", "diff_ids": [sha256(layer) for layer in layers]}
        configuration = {
            "os": "linux",
            "architecture": architecture,
            "config": said,
            "rootfs": rootfs,
        }
        kind = f"{OCI}layer.v1.tar" + ("+gzip" if packed else "")
        blobs = [gzip.compress(layer, mtime=0) if packed else layer for layer in layers]
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(f"{OCI}config.v1+json", configuration),
            "layers": [self.blob(kind, blob) for blob in blobs],
        }
        return self.blob(MANIFEST, manifest, **fields)

    def index(self, *listed: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return self.blob(INDEX, {"schemaVersion": 2, "manifests": list(listed)}, **fields)

    def add(self, descriptor: dict[str, Any], name: str = "") -> dict[str, Any]:
        """List a descriptor in ``index.json``."""
        named = descriptor | ({"annotations": {NAME: name}} if name else {})
        self.listed.append(named)
        return descriptor

    def files(self) -> dict[str, bytes]:
        index = {"schemaVersion": 2, "manifests": self.listed}
        files = {
            "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
            "index.json": json.dumps(index).encode(),
        }
        return files | {
            "blobs/" + name.replace(":", "/"): data for name, data in self.blobs.items()
        }

    def write(self, root: Path) -> Path:
        """Write the layout as a folder."""
        for name, data in self.files().items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        return root

    def save(self, place: Path, **more: bytes) -> Path:
        """Write the layout as an archive."""
        files = {**self.files(), **{name.replace("_", "."): data for name, data in more.items()}}
        place.write_bytes(tarred(*(member(name, data) for name, data in files.items())))
        return place


def written(root: Path, *layers: bytes, **fields: Any) -> Path:
    """Write a layout with one image."""
    layout = Layout()
    layout.add(layout.image(*layers, **fields))
    return layout.write(root)


def finding(verdict: Verdict) -> str:
    (found,) = verdict.findings
    return found.what


def started(root: Path, *layers: bytes, **config: Any) -> Verdict:
    return oci.examine(written(root, *layers, config=config))


# which image


def test_an_image_is_the_digest_of_its_manifest(tmp_path: Path) -> None:
    layout = Layout()
    wanted = layout.add(layout.image(), "plans")
    verdict = oci.examine(layout.write(tmp_path))
    assert verdict.holds
    assert verdict.evidence["digest"] == wanted["digest"]
    assert verdict.evidence["argv"] == ["/bin/sh"]
    assert verdict.evidence["platform"] == "linux/amd64"
    assert verdict.evidence["program"] == {
        "path": "/bin/sh",
        "mode": "0755",
        "sha256": sha256(b"a shell\n"),
        "size": 8,
    }


@pytest.mark.parametrize("packed", [True, False])
def test_a_layer_is_a_tar_or_a_tar_in_gzip(tmp_path: Path, packed: bool) -> None:
    assert oci.examine(written(tmp_path, packed=packed)).holds


def test_a_gzip_of_several_parts_is_one(tmp_path: Path) -> None:
    layout = Layout()
    described = layout.image(packed=True)
    half = len(SHELL) // 2
    data = gzip.compress(SHELL[:half], mtime=0) + gzip.compress(SHELL[half:], mtime=0)
    layout.add(edited(layout, described, lambda m: m.update(layers=[parts_of(layout, data)])))
    assert oci.examine(layout.write(tmp_path)).holds


def parts_of(layout: Layout, data: bytes) -> dict[str, Any]:
    return layout.blob(f"{OCI}layer.v1.tar+gzip", data)


def edited(
    layout: Layout, descriptor: dict[str, Any], edit: Callable[[dict[str, Any]], object]
) -> dict[str, Any]:
    """Return the descriptor of a record that differs from another one."""
    record = json.loads(layout.blobs[descriptor["digest"]])
    edit(record)
    return layout.blob(descriptor["mediaType"], record)


def test_an_archive_with_a_layout_in_it_is_the_same_image(tmp_path: Path) -> None:
    layout = Layout()
    wanted = layout.add(layout.image(), "plans")
    verdict = oci.examine(layout.save(tmp_path / "image.tar"), reference="plans")
    assert verdict.holds
    assert verdict.evidence["digest"] == wanted["digest"]


def saved(place: Path, tags: list[str], *links: Member) -> str:
    """Write an archive as older programs do, and return the image's id."""
    rootfs = {"diff_ids": [sha256(SHELL)]}
    config = {"os": "linux", "architecture": "amd64", "rootfs": rootfs}
    data = json.dumps(config | {"config": {"Cmd": ["/bin/sh"]}}).encode()
    name = f"{sha256(data)[7:]}.json"
    layer = links[0][0].name if links else "layer/layer.tar"
    entry = {"Config": name, "RepoTags": tags, "Layers": [layer]}
    files = {
        name: data,
        "layer/layer.tar": SHELL,
        "manifest.json": json.dumps([entry]).encode(),
    }
    place.write_bytes(tarred(*(member(name, data) for name, data in files.items()), *links))
    return sha256(data)


def test_an_archive_without_a_layout_is_the_digest_of_its_configuration(tmp_path: Path) -> None:
    wanted = saved(tmp_path / "image.tar", ["plans:1"])
    verdict = oci.examine(tmp_path / "image.tar", reference="plans:1")
    assert verdict.holds
    assert verdict.evidence["digest"] == wanted


@pytest.mark.parametrize("link", [symbolic("x/layer.tar", "../layer/layer.tar")])
def test_a_layer_of_an_archive_may_be_a_link_to_another(tmp_path: Path, link: Member) -> None:
    saved(tmp_path / "image.tar", ["plans:1"], link)
    assert oci.examine(tmp_path / "image.tar").holds


@pytest.mark.parametrize("to", ["../../etc/passwd", "/etc/passwd", "layer.tar"])
def test_a_link_out_of_an_archive_or_to_itself_leads_nowhere(tmp_path: Path, to: str) -> None:
    saved(tmp_path / "image.tar", ["plans:1"], symbolic("x/layer.tar", to))
    assert "expected" in finding(oci.examine(tmp_path / "image.tar"))


def test_a_reference_chooses_among_images_by_any_of_their_names(tmp_path: Path) -> None:
    layout = Layout()
    layout.add(layout.image(config={"Cmd": ["/bin/sh", "1"]}), "one")
    wanted = layout.add(layout.image(config={"Cmd": ["/bin/sh", "2"]}), "two")
    layout.write(tmp_path)
    assert oci.examine(tmp_path, reference="two").evidence["digest"] == wanted["digest"]
    assert "'one'" in finding(oci.examine(tmp_path, reference="three"))
    said = finding(oci.examine(tmp_path))
    assert "'one'" in said
    assert "'two'" in said


def test_a_tag_chooses_where_the_index_has_other_names(tmp_path: Path) -> None:
    layout = Layout()
    layout.add(layout.image(config={"Cmd": ["/bin/sh", "1"]}))
    wanted = layout.add(layout.image())
    manifest = json.loads(layout.blobs[wanted["digest"]])
    name = "blobs/" + manifest["config"]["digest"].replace(":", "/")
    tags = json.dumps([{"Config": name, "RepoTags": ["plans:2"], "Layers": []}]).encode()
    place = layout.save(tmp_path / "image.tar", manifest_json=tags)
    verdict = oci.examine(place, reference="plans:2")
    assert verdict.evidence["digest"] == wanted["digest"]


def two_platforms(layout: Layout) -> tuple[dict[str, Any], dict[str, Any]]:
    amd = layout.image(platform={"os": "linux", "architecture": "amd64"})
    arm = layout.image(
        architecture="arm64",
        platform={"os": "linux", "architecture": "arm64", "variant": "v8"},
    )
    return amd, arm


@pytest.mark.parametrize(
    ("platform", "which"), [("", 0), ("linux/amd64", 0), ("linux/arm64", 1), ("linux/arm64/v8", 1)]
)
def test_an_index_is_followed_to_one_platform(tmp_path: Path, platform: str, which: int) -> None:
    layout = Layout()
    both = two_platforms(layout)
    layout.add(layout.index(layout.index(*both)), "plans")
    verdict = oci.examine(layout.write(tmp_path), reference="plans", platform=platform)
    assert verdict.evidence["digest"] == both[which]["digest"]


def test_other_platforms_may_be_absent(tmp_path: Path) -> None:
    layout = Layout()
    amd, arm = two_platforms(layout)
    layout.add(layout.index(amd, arm))
    del layout.blobs[arm["digest"]]
    assert oci.examine(layout.write(tmp_path)).holds


def test_what_is_said_about_an_image_is_none(tmp_path: Path) -> None:
    layout = Layout()
    arm = two_platforms(layout)[1]
    said = layout.blob(MANIFEST, {}, platform={"os": "unknown", "architecture": "unknown"})
    layout.add(layout.index(arm, said))
    assert oci.examine(layout.write(tmp_path)).evidence["digest"] == arm["digest"]


def test_an_image_may_be_called_as_containerd_calls_it(tmp_path: Path) -> None:
    layout = Layout()
    layout.add(layout.image(config={"Cmd": ["/bin/sh"]}), "1")
    full = {NAME: "1", "io.containerd.image.name": "docker.io/library/plans:1"}
    wanted = layout.image()
    layout.listed.append(wanted | {"annotations": full})
    layout.write(tmp_path)
    verdict = oci.examine(tmp_path, reference="docker.io/library/plans:1")
    assert verdict.evidence["digest"] == wanted["digest"]
    assert "docker.io/library/plans:1" in finding(oci.examine(tmp_path, reference="1"))


def test_a_platform_that_is_not_there_or_not_alone_is_refused_with_all_there_are(
    tmp_path: Path,
) -> None:
    layout = Layout()
    both = two_platforms(layout)
    other = layout.image(config={"Cmd": ["/bin/sh"]}, platform=both[0]["platform"])
    layout.add(layout.index(*both, other))
    layout.write(tmp_path)
    said = finding(oci.examine(tmp_path, platform="linux/riscv64"))
    assert all(each["digest"] in said for each in (*both, other))
    said = finding(oci.examine(tmp_path))
    assert both[0]["digest"] in said
    assert other["digest"] in said
    assert both[1]["digest"] not in said


def test_a_configuration_for_another_platform_than_its_descriptor_is_a_finding(
    tmp_path: Path,
) -> None:
    layout = Layout()
    layout.add(layout.image(platform={"os": "linux", "architecture": "arm64"}))
    assert "linux/arm64" in finding(oci.examine(layout.write(tmp_path)))
    assert len(oci.examine(tmp_path, platform="linux/arm64").findings) == 1


def test_the_configuration_says_the_platform_where_the_descriptor_does_not(tmp_path: Path) -> None:
    written(tmp_path)
    assert oci.examine(tmp_path, platform="linux/amd64").holds
    assert "linux/arm64" in finding(oci.examine(tmp_path, platform="linux/arm64"))


# what was declared


def test_the_declared_digest_and_entry_point_must_be_the_ones_found(tmp_path: Path) -> None:
    written(tmp_path, config={"Entrypoint": ["/bin/sh"], "Cmd": ["-l"]})
    seen = oci.examine(tmp_path)
    same = Digest(seen.evidence["digest"])
    assert oci.examine(tmp_path, digest=same, entrypoint=["/bin/sh", "-l"]).holds
    other = oci.examine(tmp_path, digest=Digest("sha256:" + "0" * 64), entrypoint=["/bin/sh"])
    assert [each.what.split()[2] for each in other.findings] == ["digest", "entry"]
    assert other.evidence == seen.evidence


# what it starts


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"Entrypoint": ["sh"]}, "/bin/sh"),
        ({"Cmd": ["sh"], "Env": ["A=1", "PATH=relative::/nowhere:/opt:/bin"]}, "/opt/sh"),
        ({"Cmd": ["./sh"], "WorkingDir": "/opt"}, "/opt/sh"),
        ({"Cmd": ["opt/../opt//sh"]}, "/opt/sh"),
        ({"Cmd": ["/usr/links/absolute"]}, "/bin/sh"),
        ({"Cmd": ["/usr/links/relative"]}, "/bin/sh"),
        ({"Cmd": ["/usr/links/out"]}, "/bin/sh"),
        ({"Cmd": ["/usr/links/folder/sh"]}, "/bin/sh"),
        ({"Cmd": ["/usr/hard"]}, "/usr/hard"),
    ],
)
def test_the_entry_point_is_found_as_a_runtime_finds_it(
    tmp_path: Path, config: dict[str, Any], path: str
) -> None:
    layer = tarred(
        program("bin/sh"),
        program("./opt/sh"),
        program("relative/sh"),
        symbolic("usr/links/absolute", "/bin/sh"),
        symbolic("usr/links/relative", "../../bin/sh"),
        symbolic("usr/links/out", "../../../../../../bin/sh"),
        symbolic("usr/links/folder", "/bin"),
        hard("usr/hard", "bin/sh"),
    )
    verdict = started(tmp_path, layer, **config)
    assert str(verdict) == "holds"
    assert verdict.evidence["program"]["path"] == path


@pytest.mark.parametrize(
    ("members", "words"),
    [
        pytest.param([], "no such file", id="nothing"),
        pytest.param([member("bin/sh")], "may be executed", id="not executable"),
        pytest.param([folder("bin/sh")], "found a folder", id="a folder"),
        pytest.param([symbolic("bin/sh", "sh")], "at most 40 links", id="a link to itself"),
        pytest.param([symbolic("bin/sh", "gone")], "no such file", id="a link to nothing"),
        pytest.param([symbolic("bin/sh", "x/../y"), program("bin/y")], "no such", id="through x"),
        pytest.param([symbolic("bin/sh", "file/../y"), program("bin/y")], "no such", id="a file"),
        pytest.param([member("bin/sh", type=tarfile.FIFOTYPE)], "device", id="a pipe"),
    ],
)
def test_an_entry_point_that_cannot_be_started_is_a_finding(
    tmp_path: Path, members: list[Member], words: str
) -> None:
    layer = tarred(member("bin/file"), *members)
    assert words in finding(started(tmp_path, layer, Entrypoint=["/bin/sh"]))


def test_an_image_that_starts_nothing_is_a_finding(tmp_path: Path) -> None:
    assert "neither Entrypoint nor Cmd" in finding(started(tmp_path, SHELL))


@pytest.mark.parametrize(
    ("upper", "there"),
    [
        pytest.param([member("bin/.wh.sh")], False, id="a whiteout"),
        pytest.param([member(".wh.bin")], False, id="a whiteout of the folder"),
        pytest.param([member("bin/.wh..wh..opq")], False, id="an opaque folder"),
        pytest.param([member("bin/.wh..wh.aufs")], True, id="what aufs keeps"),
        pytest.param([member("bin/.wh.other")], True, id="a whiteout of nothing"),
        pytest.param([member("gone/.wh.sh")], True, id="a whiteout in a folder of nothing"),
        pytest.param([folder("bin")], True, id="the folder again"),
        pytest.param([member("bin")], False, id="a file in the folder's place"),
        pytest.param([program("bin/sh"), member("bin/.wh.sh")], True, id="a file and its whiteout"),
        pytest.param([program("bin/sh"), member("bin/.wh..wh..opq")], True, id="and opaque"),
        pytest.param([member("bin/.wh..wh..opq"), program("bin/sh")], True, id="opaque before"),
    ],
)
def test_a_whiteout_takes_away_what_lower_layers_have(
    tmp_path: Path, upper: list[Member], there: bool
) -> None:
    assert started(tmp_path, SHELL, tarred(*upper), Cmd=["/bin/sh"]).holds is there


# hostile layers


@pytest.mark.parametrize(
    "members",
    [
        pytest.param([program("../sh")], id="a path that leads out"),
        pytest.param([program("bin/../../sh")], id="one that does so later"),
        pytest.param([program("/bin/sh2")], id="an absolute path"),
        pytest.param([hard("bin/x", "../../etc/passwd")], id="a hard link that leads out"),
        pytest.param([hard("bin/x", "bin/gone")], id="a hard link to nothing"),
        pytest.param([hard("bin/x", "bin")], id="a hard link to a folder"),
        pytest.param([symbolic("x", "/etc"), program("x/passwd")], id="through a link"),
        pytest.param([symbolic("x", "bin"), hard("y", "x/sh")], id="a hard link through a link"),
        pytest.param([program("bin/sh/x")], id="through a file"),
        pytest.param([program("a"), program("a")], id="a file twice"),
        pytest.param([program("a"), program("./a")], id="a file twice by other names"),
        pytest.param([program("a"), folder("a")], id="a file and a folder"),
        pytest.param([folder("a"), symbolic("a", "bin")], id="a folder and a link"),
        pytest.param([member("bin/.wh...")], id="a whiteout of the folder above"),
        pytest.param([member("bin/.wh..")], id="a whiteout of the folder itself"),
        pytest.param([member("bin/.wh.")], id="a whiteout without a name"),
        pytest.param([folder("bin/.wh.sh")], id="a whiteout that is a folder"),
        pytest.param([program(".wh.bin/sh")], id="a path through a whiteout"),
        pytest.param([program("a/" * 300 + "a")], id="a path of too many parts"),
    ],
)
def test_a_layer_that_may_be_unpacked_in_two_ways_is_a_finding(
    tmp_path: Path, members: list[Member]
) -> None:
    assert "expected" in finding(started(tmp_path, SHELL, tarred(*members), Cmd=["/bin/sh"]))


def header(**fields: bytes) -> bytes:
    """Return a header of a tar, with fields in other spellings and its checksum put right."""
    block = bytearray(tarred(member("a"))[:512])
    places = {"name": 0, "mode": 100, "size": 124, "kind": 156, "magic": 257, "end": 508}
    for name, value in fields.items():
        block[places[name] : places[name] + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def extension(kind: bytes, data: bytes) -> bytes:
    return header(kind=kind, size=b"%011o" % len(data)) + data + bytes(-len(data) % 512)


ENDLESS = b"2000000 c=%b\n" % (b"0" * (2_000_000 - 11))


class Memory(io.BytesIO):
    """A tar that lies nowhere."""

    def skip(self, count: int) -> None:
        if len(self.read(count)) != count:
            raise Damaged(f"expected {count} more bytes, found the end")


def members_of(data: bytes, most: int = 9) -> list[tar.Member]:
    return list(tar.Reader(Memory(data), most))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(header()[:100] + b"x" + header()[101:], id="another checksum"),
        pytest.param(header()[:300], id="half a header"),
        pytest.param(header(size=b"00000000010"), id="a content that is not there"),
        pytest.param(header(size=b"0000000001x"), id="a size that is no number"),
        pytest.param(header(size=b"\xff" * 12), id="a negative size"),
        pytest.param(header(size=b"\x80" + b"\xff" * 11), id="an enormous size"),
        pytest.param(header(mode=b"00\x0077\0\0\0"), id="a number behind a number"),
        pytest.param(header(magic=b"custom\0\0"), id="another form"),
        pytest.param(header(end=b"tar\0"), id="the form of star"),
        pytest.param(header(kind=b"S"), id="a sparse file"),
        pytest.param(header(kind=b"7"), id="an unknown kind"),
        pytest.param(header(kind=b"1", size=b"00000001000") + bytes(512), id="a link with content"),
        pytest.param(header(kind=b"5", size=b"00000001000") + bytes(512), id="a folder with some"),
        pytest.param(header(name=b"a/"), id="a file with the name of a folder"),
        pytest.param(header() + bytes(512) + header(), id="more behind the end"),
        pytest.param(extension(b"x", b"10 path=b\n"), id="an extension of nothing"),
        pytest.param(extension(b"x", b"11 path=b\n") + header(), id="a record that is too long"),
        pytest.param(extension(b"x", b"10 path:b\n") + header(), id="a record without a key"),
        pytest.param(extension(b"x", b"010 path=b\n") + header(), id="a length with a nought"),
        pytest.param(extension(b"x", b"12 path=b\0c\n") + header(), id="a path with a NUL"),
        pytest.param(extension(b"x", b"10 path=b\n" * 2) + header(), id="a path twice"),
        pytest.param(extension(b"x", b"12 size=-10\n") + header(), id="a size below nought"),
        pytest.param(extension(b"x", b"22 GNU.sparse.major=1\n") + header(), id="a sparse record"),
        pytest.param(extension(b"g", b"10 path=b\n") + header(), id="a path for all"),
        pytest.param(extension(b"L", b"b") + extension(b"L", b"c") + header(), id="two names"),
        pytest.param(extension(b"L", b"b" * (2 << 20)) + header(), id="a name without end"),
        pytest.param(extension(b"g", ENDLESS) + header(), id="a record without end"),
        pytest.param(extension(b"L", b"b" * 5000) + header(), id="a name that no system has"),
        pytest.param(header() * 10, id="too many members"),
    ],
)
def test_what_two_readers_of_a_tar_may_take_differently_is_refused(data: bytes) -> None:
    with pytest.raises((Damaged, Refused), match="expected"):
        members_of(data)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_the_members_of_a_tar_are_those_that_tarfile_wrote(form: int) -> None:
    given = [
        folder("a"),
        program("a/b", b"x" * 513),
        member(f"{'long' * 20}/{'name' * 20}", b"y"),
        symbolic("link", "a/b"),
        hard("hard", "a/b"),
    ]
    if form != tarfile.USTAR_FORMAT:
        given += [member("n" * 300, b"z" * 512), symbolic("far", "t" * 300), member("é")]
    found = members_of(tarred(*given, form=form))
    assert [(each.path, each.size, each.link) for each in found] == [
        (info.name + ("/" if info.isdir() else ""), info.size, info.linkname) for info, _ in given
    ]


@pytest.mark.parametrize("form", ["gnu", "oldgnu", "pax", "ustar", "v7"])
def test_the_members_of_a_tar_are_those_that_tar_wrote(form: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "folder").mkdir(parents=True)
    (tree / "folder/program").write_bytes(b"x" * 1000)
    (tree / "folder/program").chmod(0o750)
    (tree / "link").symlink_to("folder/program")
    os.link(tree / "folder/program", tree / "hard")
    argv = ["tar", f"--format={form}", "--sort=name", "-C", str(tree), "-cf", "-", "."]
    data = subprocess.run(argv, capture_output=True, check=True).stdout
    found = [(each.path, each.kind, each.size, each.link) for each in members_of(data)]
    assert found == [
        ("./", tar.FOLDER, 0, ""),
        ("./folder/", tar.FOLDER, 0, ""),
        ("./folder/program", tar.FILE, 1000, ""),
        ("./hard", tar.HARD, 0, "./folder/program"),
        ("./link", tar.SYMBOLIC, 0, "folder/program"),
    ]


def test_a_sparse_file_that_tar_wrote_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(1 << 20)
    for form in ("gnu", "posix"):
        argv = ["tar", f"--format={form}", "-S", "-C", str(tmp_path), "-cf", "-", "sparse"]
        data = subprocess.run(argv, capture_output=True, check=True).stdout
        with pytest.raises(Refused, match=r"known kind|a sparse one"):
            members_of(data)


def test_folders_that_no_layer_has_are_made_but_not_without_end() -> None:
    members = [tar.Member(f"{n}/b/c", tar.FILE, 0, 0o755, "") for n in range(9)]
    entries = [Entry(each, Digest("")) for each in members]
    Tree(parts=3, most=18).lay(entries)
    with pytest.raises(Refused, match="to have their folders"):
        Tree(parts=3, most=17).lay(entries)


def test_no_bit_of_a_header_can_change_unseen() -> None:
    data = header() + bytes(1024)
    whole = members_of(data)
    for offset in range(512):
        for bit in range(8):
            changed = bytearray(data)
            changed[offset] ^= 1 << bit
            try:
                assert members_of(bytes(changed)) == whole, (offset, bit)
            except (Damaged, Refused):
                continue
            assert 148 <= offset < 156, "only a checksum has two spellings"


# hostile records and blobs


def hostile() -> Iterator[Any]:
    yield pytest.param({"digest": "sha256:../../../../etc/passwd"}, id="a path for a digest")
    yield pytest.param({"digest": "sha256:" + "A" * 64}, id="a digest in upper case")
    yield pytest.param({"digest": "sha256:" + "0" * 63}, id="a digit too few")
    yield pytest.param({"digest": "sha512:" + "0" * 128}, id="another algorithm")
    yield pytest.param({"digest": "blake3:" + "0" * 64}, id="ours, which is none of theirs")
    yield pytest.param({"digest": "sha256:" + "0" * 64}, id="a blob that is not there")
    yield pytest.param({"digest": 7}, id="a number for a digest")
    yield pytest.param({"size": 1}, id="another size")
    yield pytest.param({"size": -1}, id="a size below nought")
    yield pytest.param({"size": True}, id="a truth for a size")
    yield pytest.param({"size": 1.0}, id="a fraction for a size")
    yield pytest.param({"mediaType": "application/json"}, id="an unknown media type")
    yield pytest.param({"mediaType": None}, id="no media type")
    yield pytest.param({"mediaType": INDEX}, id="an index that is a manifest")
    yield pytest.param({"mediaType": f"{DOCKER}distribution.manifest.v2+json"}, id="not its own")
    yield pytest.param({"platform": {"os": 1, "architecture": "amd64"}}, id="no platform")
    yield pytest.param({"annotations": {"x": "\ud800"}}, id="half a character")
    yield pytest.param({"annotations": [1]}, id="annotations that are none")


@pytest.mark.parametrize("fields", list(hostile()))
def test_a_descriptor_that_lies_is_a_finding(tmp_path: Path, fields: dict[str, Any]) -> None:
    layout = Layout()
    layout.add(layout.image() | fields)
    assert "expected" in finding(oci.examine(layout.write(tmp_path)))


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda m: m.update(schemaVersion=1), id="schema version 1"),
        pytest.param(lambda m: m.update(manifests=[]), id="an index at the same time"),
        pytest.param(lambda m: m.update(mediaType=INDEX), id="a media type of its own"),
        pytest.param(lambda m: m.update(layers={}), id="layers that are no list"),
        pytest.param(lambda m: m.update(layers=[]), id="fewer layers than the configuration"),
        pytest.param(lambda m: m.update(layers=m["layers"] * 2), id="more of them"),
        pytest.param(lambda m: m["layers"][0].update(size=1), id="a layer of another size"),
        pytest.param(lambda m: m["layers"][0].update(mediaType="x"), id="a layer of no type"),
        pytest.param(
            lambda m: m["layers"][0].update(mediaType=f"{OCI}layer.v1.tar+zstd"), id="zstd"
        ),
        pytest.param(
            lambda m: m["layers"][0].update(mediaType=f"{OCI}layer.v1.tar+gzip"),
            id="a tar that is called gzip",
        ),
        pytest.param(lambda m: m["config"].update(mediaType="x"), id="no configuration"),
        pytest.param(lambda m: m.pop("config"), id="none at all"),
    ],
)
def test_a_manifest_that_is_none_is_a_finding(
    tmp_path: Path, edit: Callable[[dict[str, Any]], object]
) -> None:
    layout = Layout()
    layout.add(edited(layout, layout.image(), edit))
    assert finding(oci.examine(layout.write(tmp_path)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b'{"schemaVersion":2,"schemaVersion":2}',
        b'{"schemaVersion":NaN}',
        b'{"schemaVersion":' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"schemaVersion":2,"manifests":' + b"[" * 60_000 + b"]" * 60_000 + b"}",
        b'{"schemaVersion":2,"manifests":["\\ud800"]}',
        b'{"schemaVersion":2,"manifests":[' + b"0," * 2000 + b"0]}",
        b'\xef\xbb\xbf{"schemaVersion":2}',
        b"\xff",
        b" " * (5 << 20),
    ],
)
def test_an_index_that_is_none_is_a_finding(tmp_path: Path, data: bytes) -> None:
    written(tmp_path)
    (tmp_path / "index.json").write_bytes(data)
    assert "index.json" in finding(oci.examine(tmp_path)) or data.startswith(b'{"schema')


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b'{"schema', b'{"manifests": [], "schema', id="a key twice"),
        pytest.param(b'{"schema', b'{"layers": [], "schema', id="a manifest at the same time"),
        pytest.param(b'{"schema', b'{"mediaType": "x", "schema', id="another media type"),
        pytest.param(b"}]}", b".0}]}", id="a fraction for a size"),
    ],
)
def test_an_index_that_two_readers_may_take_differently_is_a_finding(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    written(tmp_path)
    data = (tmp_path / "index.json").read_bytes()
    assert old in data
    (tmp_path / "index.json").write_bytes(data.replace(old, new))
    assert "index.json" in finding(oci.examine(tmp_path))


def test_a_layer_that_unpacks_to_another_is_a_finding(tmp_path: Path) -> None:
    layout = Layout()
    described = layout.image()
    manifest = json.loads(layout.blobs[described["digest"]])
    other = {"diff_ids": [sha256(b"another")]}
    config = edited(layout, manifest["config"], lambda c: c.update(rootfs=other))
    layout.add(edited(layout, described, lambda m: m.update(config=config)))
    said = finding(oci.examine(layout.write(tmp_path)))
    assert f"expected to unpack to {sha256(b'another')}, found {sha256(SHELL)}" in said


def test_a_configuration_of_an_archive_that_is_another_is_a_finding(tmp_path: Path) -> None:
    place = tmp_path / "image.tar"
    name = saved(place, ["plans:1"])
    data = place.read_bytes()
    place.write_bytes(data.replace(b'"amd64"', b'"arm64"'))
    assert f"expected {name}, found sha256:" in finding(oci.examine(place))


def test_limits_hold_for_all_layers_together(tmp_path: Path) -> None:
    written(tmp_path / "image", SHELL, tarred(program("a")))
    assert oci.examine(tmp_path / "image", limits=Limits(members=3)).holds
    assert "members" in finding(oci.examine(tmp_path / "image", limits=Limits(members=2)))
    whole = 2 * len(SHELL)
    assert oci.examine(tmp_path / "image", limits=Limits(unpacked=whole)).holds
    assert not oci.examine(tmp_path / "image", limits=Limits(unpacked=whole - 1)).holds
    saved(tmp_path / "image.tar", [])
    assert "0 layers" in finding(oci.examine(tmp_path / "image.tar", limits=Limits(layers=0)))


def test_indexes_in_indexes_end_somewhere(tmp_path: Path) -> None:
    layout = Layout()
    described = layout.image()
    for _ in range(6):
        described = layout.index(described)
    layout.add(described)
    assert "indexes in indexes" in finding(oci.examine(layout.write(tmp_path)))


def test_every_layer_that_changed_is_named(tmp_path: Path) -> None:
    layers = SHELL, tarred(program("a")), tarred(program("b"))
    written(tmp_path, *layers)
    for layer in layers[1:]:
        place = tmp_path / "blobs/sha256" / sha256(layer)[7:]
        place.write_bytes(layer.replace(b"#!", b"!#"))
    found = oci.examine(tmp_path).findings
    assert len(found) == 2
    assert all(sha256(layer) in each.what for layer, each in zip(layers[1:], found, strict=True))


def test_no_bit_of_any_file_but_names_can_change_unseen(tmp_path: Path) -> None:
    layout = Layout()
    layout.add(layout.image(packed=True))
    digest = oci.examine(layout.write(tmp_path)).evidence["digest"]
    for place in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        data = place.read_bytes()
        for offset in range(len(data)):
            changed = bytearray(data)
            changed[offset] ^= 1 << offset % 8
            place.write_bytes(changed)
            verdict = oci.examine(tmp_path)
            same = place.name == "index.json" and verdict.evidence.get("digest") == digest
            assert not verdict.holds or same, (place, offset)
        place.write_bytes(data)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(unpacked=1000), "of a size"),
        (Limits(members=1), "at most 1 members"),
        (Limits(layers=0), "at most 0 layers"),
        (Limits(record=10), "at most 10 bytes"),
        (Limits(descriptors=0), "at most 0"),
        (Limits(parts=1), "at most 1 parts"),
        (Limits(names=9), "names of a length"),
    ],
)
def test_what_is_beyond_a_limit_is_a_finding(tmp_path: Path, limits: Limits, words: str) -> None:
    written(tmp_path)
    assert words in finding(oci.examine(tmp_path, limits=limits))


def test_a_bomb_is_not_unpacked_beyond_the_limit(tmp_path: Path) -> None:
    bomb = tarred(program("bin/sh", bytes(32 << 20)))
    written(tmp_path, bomb, packed=True)
    verdict = oci.examine(tmp_path, limits=Limits(unpacked=1 << 20))
    assert "of a size" in finding(verdict)


@pytest.mark.parametrize("rest", [b"\x1f\x8b garbage", b"garbage"])
def test_what_stands_behind_a_gzip_is_a_finding(tmp_path: Path, rest: bytes) -> None:
    layout = Layout()
    data = gzip.compress(SHELL, mtime=0) + rest
    described = layout.image(packed=True)
    layout.add(edited(layout, described, lambda m: m.update(layers=[parts_of(layout, data)])))
    assert "in gzip" in finding(oci.examine(layout.write(tmp_path)))


def test_a_gzip_that_ends_too_early_is_a_finding(tmp_path: Path) -> None:
    layout = Layout()
    data = gzip.compress(SHELL, mtime=0)[:-4]
    described = layout.image(packed=True)
    layout.add(edited(layout, described, lambda m: m.update(layers=[parts_of(layout, data)])))
    assert "in gzip" in finding(oci.examine(layout.write(tmp_path)))


# hostile places


def test_a_blob_that_is_a_link_or_a_pipe_is_a_finding(tmp_path: Path) -> None:
    written(tmp_path / "image")
    for place in sorted((tmp_path / "image/blobs/sha256").iterdir()):
        data = place.read_bytes()
        place.rename(tmp_path / "elsewhere")
        place.symlink_to(tmp_path / "elsewhere")
        assert not oci.examine(tmp_path / "image").holds
        place.unlink()
        (tmp_path / "image/inside").write_bytes(data)
        place.symlink_to(tmp_path / "image/inside")
        assert not oci.examine(tmp_path / "image").holds
        place.unlink()
        os.mkfifo(place)
        assert not oci.examine(tmp_path / "image").holds
        place.unlink()
        place.write_bytes(data)


def test_a_place_that_holds_no_image_is_a_finding(tmp_path: Path) -> None:
    assert "none" in finding(oci.examine(tmp_path / "nowhere"))
    assert "neither" in finding(oci.examine(tmp_path))
    (tmp_path / "image.tar").write_bytes(tarred(member("a")))
    assert "neither" in finding(oci.examine(tmp_path / "image.tar"))
    (tmp_path / "image.tar.gz").write_bytes(gzip.compress(tarred(member("a"))))
    assert "gunzip" in finding(oci.examine(tmp_path / "image.tar.gz"))


def test_an_archive_with_a_name_twice_is_a_finding(tmp_path: Path) -> None:
    layout = Layout()
    layout.add(layout.image())
    files = [member(name, data) for name, data in layout.files().items()]
    (tmp_path / "image.tar").write_bytes(tarred(*files, member("./index.json", b"{}")))
    assert "twice" in finding(oci.examine(tmp_path / "image.tar"))


def test_a_layout_of_another_version_is_a_finding(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "oci-layout").write_text('{"imageLayoutVersion":"2.0.0"}')
    assert "1.0.0" in finding(oci.examine(tmp_path))


def test_nothing_is_written_where_an_image_lies(tmp_path: Path) -> None:
    written(tmp_path, packed=True)
    before = sorted(tmp_path.rglob("*"))
    assert oci.examine(tmp_path) == oci.examine(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


# any record at all

ODD: list[Any] = [None, True, -1, 0.5, "", "x", [], [None], {}, {"x": []}, "\x1b", 10**30]


def variants(value: Any) -> Iterator[Any]:
    """Yield a record with each of its values in turn replaced by each odd one, or left out."""
    yield from ODD
    places = list(value.items() if isinstance(value, dict) else enumerate(value))
    for key, inner in places:
        without = dict(value) if isinstance(value, dict) else list(value)
        del without[key]
        yield without
        found = variants(inner) if isinstance(inner, dict | list) else iter(ODD)
        for odd in found:
            other = dict(value) if isinstance(value, dict) else list(value)
            other[key] = odd
            yield other


def test_no_record_of_a_layout_is_a_bug(tmp_path: Path) -> None:
    first = Layout()
    described = first.image(platform={"os": "linux", "architecture": "amd64", "variant": "v1"})
    manifest = json.loads(first.blobs[described["digest"]])
    configuration = json.loads(first.blobs[manifest["config"]["digest"]])
    configuration["config"] |= {"Env": ["PATH=/bin"], "Cmd": ["-l"], "WorkingDir": "/"}
    kind = manifest["config"]["mediaType"]
    listed = described | {"annotations": {NAME: "plans"}}
    for number, odd in enumerate(variants([listed, manifest, configuration])):
        if not isinstance(odd, list) or len(odd) != 3:
            continue
        layout = Layout(blobs=dict(first.blobs))
        if odd[2] != configuration and isinstance(odd[1], dict):
            odd[1] = odd[1] | {"config": layout.blob(kind, odd[2])}
        if odd[1] != manifest and isinstance(odd[0], dict):
            odd[0] = odd[0] | layout.blob(MANIFEST, odd[1])
        layout.listed.append(odd[0])
        assert (
            oci.examine(layout.write(tmp_path / str(number % 2)), reference="plans").evidence or 1
        )


def test_no_record_of_an_archive_is_a_bug(tmp_path: Path) -> None:
    saved(tmp_path / "image.tar", ["plans:1"])
    with tarfile.open(tmp_path / "image.tar") as archive:
        files = {name: archive.extractfile(name) for name in archive.getnames()}
        given = {name: opened.read() for name, opened in files.items() if opened}
    for odd in variants(json.loads(given["manifest.json"])):
        given["manifest.json"] = json.dumps(odd).encode()
        place = tmp_path / "odd.tar"
        place.write_bytes(tarred(*(member(name, data) for name, data in given.items())))
        assert isinstance(oci.examine(place, reference="plans:1"), Verdict)


# the same to others


def skopeo(*words: str, home: Path) -> str:
    env = dict(os.environ) | {"HOME": str(home), "TMPDIR": str(home)}
    argv = [needed("skopeo"), "--insecure-policy", *words]
    return subprocess.run(argv, env=env, capture_output=True, check=True).stdout.decode().strip()


def test_skopeo_calls_an_image_by_the_same_digest(tmp_path: Path) -> None:
    layout = Layout()
    layout.add(layout.image(packed=True), "one")
    layout.add(layout.image(config={"Cmd": ["/bin/sh", "2"]}), "two")
    layout.write(tmp_path / "image")
    for name in ("one", "two"):
        said = skopeo(
            "inspect", "--format", "{{.Digest}}", f"oci:{tmp_path}/image:{name}", home=tmp_path
        )
        assert oci.examine(tmp_path / "image", reference=name).evidence["digest"] == said


def test_what_skopeo_writes_is_the_same_image(tmp_path: Path) -> None:
    layout = Layout()
    layout.add(layout.image(packed=True), "plans")
    seen = oci.examine(layout.write(tmp_path / "image"))
    source = f"oci:{tmp_path}/image:plans"
    skopeo("copy", source, f"oci-archive:{tmp_path}/layout.tar:plans", home=tmp_path)
    assert oci.examine(tmp_path / "layout.tar", reference="plans").evidence == seen.evidence
    skopeo("copy", source, f"docker-archive:{tmp_path}/old.tar:plans:1", home=tmp_path)
    old = oci.examine(tmp_path / "old.tar", reference="docker.io/library/plans:1")
    assert old.holds
    assert old.evidence["digest"] == seen.evidence["configuration"]
    assert old.evidence["program"] == seen.evidence["program"]
