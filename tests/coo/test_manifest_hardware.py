"""A machine is told as its kernel tells it, whatever it is, and what is not told is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sealwright.contracts.coo.manifests import hardware, mounts, processors
from sealwright.contracts.coo.manifests.places import Places
from sealwright.runtime import canonical

X86 = """\
processor\t: {number}
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 97
model name\t: AMD Ryzen 9 7950X 16-Core Processor
stepping\t: 2
microcode\t: 0xa601206
cpu MHz\t\t: {mhz}
physical id\t: 0
core id\t\t: {core}
flags\t\t: {flags}
power management: ts ttp tm

"""
ARM = """\
processor\t: {number}
BogoMIPS\t: 243.75
Features\t: fp asimd evtstrm aes
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x3
CPU part\t: {part}
CPU revision\t: 1

"""
PI = "Hardware\t: BCM2835\nRevision\t: c03114\nSerial\t\t: 10000000abcdef01\nModel\t\t: Pi 4\n"
MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,errors=remount-ro
40 27 0:50 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw,lowerdir=/l1:/l2,upperdir=/u
41 27 254:1 /home/me/plans /srv/my\\040plans ro,nosuid - xfs /dev/vdb rw
50 27 0:51 / /hidden/inner rw - tmpfs tmpfs rw
51 27 254:2 / /hidden rw - btrfs /dev/vdc rw
60 27 0:60 / /twice rw - tmpfs first rw
61 60 0:61 / /twice rw - tmpfs second rw
"""


def x86(count: int = 4, mhz: str = "4500.000", flags: str = "fpu sse svm") -> str:
    blocks = (
        X86.format(number=number, mhz=mhz, core=number // 2, flags=flags) for number in range(count)
    )
    return "".join(blocks)


def machine(root: Path, **files: str) -> Path:
    """Write what a kernel shows of a machine; ``__`` in a name stands for a slash."""
    for name, text in files.items():
        place = root / name.replace("__", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return root


def facts(root: Path) -> dict[str, Any]:
    read = hardware.read(Places(Path("/srv/plans"), Path("/srv/plans/.venv")), root)
    found: dict[str, Any] = canonical.decode_line(read)
    return found


def test_a_machine_with_everything(tmp_path: Path) -> None:
    root = machine(
        tmp_path,
        proc__cpuinfo=x86(),
        proc__meminfo="MemTotal:       65536000 kB\nMemFree:  17 kB\n",
        proc__self__mountinfo=MOUNTS,
        proc__self__cgroup="0::/user.slice\n",
        sys__devices__system__node__node0__cpulist="0-1\n",
        sys__devices__system__node__node0__meminfo="Node 0 MemTotal:       32768000 kB\n",
        sys__devices__system__node__node1__cpulist="2-3\n",
        sys__devices__system__node__possible="0-1\n",
        sys__class__dmi__id__sys_vendor="ACME\n",
    )
    assert facts(root) == {
        "filesystem": {
            "mounted_at": "/",
            "options": ["relatime", "rw"],
            "root": "/",
            "source": "/dev/vda",
            "type": "ext4",
        },
        "manifest": "hardware",
        "memory": {"total": 65536000},
        "numa": [
            {"cpus": "0-1", "memory": 32768000, "node": 0},
            {"cpus": "2-3", "memory": "unavailable", "node": 1},
        ],
        "processors": {
            "cores": 2,
            "count": 4,
            "kinds": [
                {
                    "count": 4,
                    "family": "25",
                    # printf '%s\n' fpu sse svm | sha256sum
                    "flags": "sha256:"
                    "a8c3116aaae4ce2ec7fa5c92c2655a37ef2cc5e5b3bdc0de0188918f5b83fed3",
                    "microcode": "0xa601206",
                    "model": "97",
                    "name": "AMD Ryzen 9 7950X 16-Core Processor",
                    "stepping": "2",
                    "vendor": "AuthenticAMD",
                }
            ],
        },
        "virtualisation": {
            "container": [],
            "firmware": {
                "bios_vendor": "unavailable",
                "product_name": "unavailable",
                "sys_vendor": "ACME",
            },
            "flags": {"hypervisor": False, "svm": True, "vmx": False},
            "hypervisor": "unavailable",
        },
    }


def test_a_machine_that_says_nothing_has_every_field(tmp_path: Path) -> None:
    found = facts(tmp_path)
    assert found == {
        "filesystem": "unavailable",
        "manifest": "hardware",
        "memory": {"total": "unavailable"},
        "numa": "unavailable",
        "processors": {"cores": "unavailable", "count": "unavailable", "kinds": "unavailable"},
        "virtualisation": {
            "container": "unavailable",
            "firmware": dict.fromkeys(("bios_vendor", "product_name", "sys_vendor"), "unavailable"),
            "flags": "unavailable",
            "hypervisor": "unavailable",
        },
    }


def test_speed_and_the_order_of_flags_are_no_facts() -> None:
    slow = x86(mhz="800.000", flags="svm sse fpu fpu")
    assert processors.told(x86()) == processors.told(slow)
    assert processors.told(x86()) != processors.told(x86(flags="fpu sse svm avx"))


def test_arm_has_no_microcode_and_may_have_several_kinds_of_processors() -> None:
    blocks = [ARM.format(number=n, part="0xd03" if n < 4 else "0xd09") for n in range(6)]
    found = processors.told("".join(blocks) + PI)
    assert (found["count"], found["cores"]) == (6, "unavailable")
    assert [(kind["model"], kind["count"]) for kind in found["kinds"]] == [
        ("0xd03", 4),
        ("0xd09", 2),
    ]
    first = found["kinds"][0]
    assert (first["vendor"], first["family"], first["stepping"]) == ("0x41", "8", "r3p1")
    assert (first["microcode"], first["name"]) == ("unavailable", "unavailable")
    assert processors.virtual("".join(blocks)) == "unavailable"


def test_no_serial_number_is_told(tmp_path: Path) -> None:
    root = machine(tmp_path, proc__cpuinfo=ARM.format(number=0, part="0xd08") + PI)
    assert b"abcdef01" not in hardware.read(Places(tmp_path), root)


@pytest.mark.parametrize("cpuinfo", ["", "\n\n\n", "no colon", "processor", ": :\n", "\0" * 99])
def test_a_text_that_is_none_says_nothing(cpuinfo: str) -> None:
    assert processors.told(cpuinfo)["count"] == "unavailable"


@pytest.mark.parametrize(
    ("path", "kind", "root"),
    [
        ("/data", "ext4", "/"),
        ("/", "ext4", "/"),
        ("/process", "ext4", "/"),
        ("/proc/self", "proc", "/"),
        ("/var/lib/docker/overlay2/x/merged/work", "overlay", "/"),
        ("/srv/my plans/deep/er", "xfs", "/home/me/plans"),
        ("/srv/my", "ext4", "/"),
        ("/hidden/inner/file", "btrfs", "/"),
        ("/twice/a", "tmpfs", "/"),
    ],
)
def test_a_path_lies_on_the_mount_that_the_kernel_shows_there(
    path: str, kind: str, root: str
) -> None:
    found = mounts.of(MOUNTS, path)
    assert isinstance(found, mounts.Mount)
    assert (found.type, found.root) == (kind, root)
    assert path != "/twice/a" or found.source == "second"


def test_the_root_of_a_container_is_what_is_mounted_last_on_it() -> None:
    text = (
        "100 90 0:40 / / rw - overlay overlay rw,lowerdir=/a\n"
        "101 100 0:41 / / ro - tmpfs tmpfs rw\n"
    )
    found = mounts.of(text, "/data")
    assert isinstance(found, mounts.Mount)
    assert found.type == "tmpfs"


@pytest.mark.parametrize(
    "text", ["", "nonsense\n", "1 1 0:1 / / rw - ext4 x rw\n", "2 1 0:1 / /sub rw - ext4 x rw\n"]
)
def test_a_path_on_no_mount_says_so(text: str) -> None:
    assert mounts.of(text, "/data") == "unavailable"


def test_mounts_on_one_another_in_a_circle_end() -> None:
    text = "1 3 0:1 / / rw - a a rw\n2 1 0:1 / / rw - b b rw\n3 2 0:1 / / rw - c c rw\n"
    assert mounts.of(text, "/data") == "unavailable"


@pytest.mark.parametrize(
    ("present", "cgroup", "marks"),
    [
        ((), "0::/\n", []),
        ((), None, "unavailable"),
        (("/.dockerenv",), None, ["/.dockerenv"]),
        ((), "0::/kubepods/burstable/pod0815/abc\n", ["cgroup kubepods"]),
        (("/run/.containerenv",), "0::/libpod-0815\n", ["/run/.containerenv", "cgroup libpod"]),
    ],
)
def test_a_container_is_known_by_its_marks_and_not_by_its_name(
    present: tuple[str, ...], cgroup: str | None, marks: object
) -> None:
    assert hardware.container(present, cgroup) == marks


def test_this_machine_is_told_the_same_each_time(tmp_path: Path) -> None:
    places = Places(tmp_path)
    once = hardware.read(places)
    assert once == hardware.read(places)
    assert canonical.decode_line(once)["memory"]["total"] > 0
    assert canonical.decode_line(once)["filesystem"] != "unavailable"
