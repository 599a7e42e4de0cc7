"""An archive is what tarfile writes and tar reads, and nothing else is an archive."""

from __future__ import annotations

import errno
import gc
import hashlib
import io
import os
import re
import subprocess
import tarfile
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright import archive, durable
from sealwright.archive import Member, Source, Stream
from sealwright.archive.aside import Ahead
from sealwright.archive.layout import header
from sealwright.errors import Damaged, Misconfigured, Refused
from sealwright.paths import RelPath, parse
from tests.support.faults import fault

FILES = {
    "a-b.txt": b"dash sorts before slash\n",
    "a.txt": b"",
    "a/b.txt": b"nested\n",
    "a/empty/c": b"x" * 511,
    "a0": b"zero sorts after slash\n",
    "B": b"y" * 512,
    " leading": b"z" * 513,
    "-dash": b"like an option\n",
    "é/ü.txt": b"not ASCII\n",
    "e\u0301/u\u0308.txt": b"the same to the eye\n",
    "\U0001f512": b"astral, after U+E000\n",
    "\ue000": b"private use\n",
    f"{'long' * 20}/{'name' * 20}": b"more than a hundred bytes\n",
    "n" * 100: b"just a name\n",
    "n" * 101: b"no longer a name\n",
    "program": b"#!/bin/sh\n",
    "large": bytes(range(256)) * 1024,
}


def plant(root: Path, files: dict[str, bytes] = FILES) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
        (root / name).chmod(0o755 if name == "program" else 0o644)
    return root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return plant(tmp_path / "tree")


def held() -> tuple[int, int]:
    return threading.active_count(), len(os.listdir("/proc/self/fd"))


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No test may leave a thread or a descriptor behind."""
    gc.collect()  # what others left open is not ours
    before = held()
    yield
    for _ in range(500):  # a thread that nobody waits for ends in its own time
        if held() == before:
            break
        time.sleep(0.01)
    assert held() == before


def drain(stream: Stream, count: int = 1 << 20) -> bytes:
    return b"".join(iter(lambda: stream.read(count), b""))


def packed(root: Path) -> bytes:
    return drain(Stream(archive.of_tree(root)))


def reading(data: bytes) -> Callable[[int], bytes]:
    return io.BytesIO(data).read


def scanned(data: bytes) -> list[Member]:
    return list(archive.scan(reading(data)))


def info(name: str, data: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    found = tarfile.TarInfo(name)
    found.size = len(data)
    for key, value in fields.items():
        setattr(found, key, value)
    return found, data


def by_tarfile(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as written:
        for found, data in members:
            written.addfile(found, io.BytesIO(data))
    return out.getvalue()


# writing


def names() -> st.SearchStrategy[str]:
    letters = st.characters(exclude_categories=["Cs"]) | st.sampled_from("aé/-0.\U0001f512")
    long = st.builds(lambda text, count: text * count, st.text(letters, min_size=1), st.just(40))
    return (st.text(letters, min_size=1, max_size=130) | long).filter(unchanged)


def unchanged(name: str) -> bool:
    try:
        return parse(name) == name
    except Misconfigured:
        return False


def sizes() -> st.SearchStrategy[int]:
    return st.sampled_from([0, 1, 511, 512, 513, 9_000, 65_536, 65_537, 1_100_000])


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(names(), st.tuples(sizes(), st.booleans()), min_size=1, max_size=12))
def test_every_archive_is_what_tarfile_writes(files: dict[str, tuple[int, bool]]) -> None:
    ordered = sorted(files, key=str.encode)
    ordered = [name for name in ordered if not any(name.startswith(f"{n}/") for n in ordered)]
    with tempfile.TemporaryDirectory() as folder:
        sources, members = [], []
        for name in ordered:
            size, executable = files[name]
            place = Path(folder, f"{size}-{executable}")
            place.write_bytes(b"~" * size)
            place.chmod(0o755 if executable else 0o600)
            sources.append(archive.of_file(place, RelPath(name)))
            members.append(info(name, b"~" * size, mode=0o755 if executable else 0o644))
        stream = Stream(sources)
        data = drain(stream)
    assert data == by_tarfile(*members)
    assert stream.bytes == len(data) == archive.size(sources)
    assert (stream.done, stream.files) == (True, len(sources))
    assert stream.sha256 == hashlib.sha256(data).hexdigest()
    assert [(m.path, m.size, m.executable) for m in scanned(data)] == [
        (source.path, source.size, source.executable) for source in sources
    ]


@pytest.mark.parametrize("name", ["a", "é", "n" * 100, "n" * 101, "é" * 99 + "/" + "é" * 99])
@pytest.mark.parametrize("size", [0, 8**11 - 1, 8**11, 2**40, 2**62])
def test_headers_of_files_too_large_to_make_are_those_of_tarfile(name: str, size: int) -> None:
    found, _ = info(name, size=size, mode=0o755)
    assert header(name, size, True) == found.tobuf(tarfile.PAX_FORMAT)
    assert archive.size([Source(RelPath(name), "", size, True)]) >= size + 1536


def test_the_lines_of_the_docstring_print_the_same_bytes(tree: Path) -> None:
    assert archive.__doc__ is not None
    lines = re.search(r"::\n\n(.*?)\n\n>>>", archive.__doc__, re.DOTALL)
    assert lines is not None
    text = re.sub("^    ", "", lines[1], flags=re.MULTILINE)
    done = subprocess.run(["bash", "-c", text], cwd=tree, capture_output=True, check=True)
    assert done.stdout == packed(tree)


def test_gnu_tar_restores_the_files_and_says_nothing(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    argv = ["tar", "-xpf", "-"]
    done = subprocess.run(argv, cwd=tmp_path / "out", input=packed(tree), capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert picture(tmp_path / "out") == picture(tree)


def picture(root: Path) -> dict[str, tuple[int, bytes]]:
    found = (path for path in root.rglob("*") if not path.is_dir())
    return {str(p.relative_to(root)): (p.lstat().st_mode, p.read_bytes()) for p in found}


def test_only_paths_contents_and_the_owners_x_bit_show(tree: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        other = plant(tmp_path / "other", dict(reversed(FILES.items())))
    finally:
        os.umask(before)
    for path in other.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
        os.utime(path, (1, 1))
    assert packed(other) == packed(tree)
    (other / "program").chmod(0o655)
    assert packed(other) != packed(tree)


@pytest.mark.parametrize("count", [1, 7, 512, 100_000, 1 << 30])
def test_how_much_is_read_at_a_time_does_not_show(tmp_path: Path, count: int) -> None:
    files = dict(list(FILES.items())[:4]) if count < 512 else FILES
    root = plant(tmp_path / "tree", files)
    stream = Stream(archive.of_tree(root))
    assert drain(stream, count) == packed(root)
    assert stream.done


def test_a_tree_can_stand_under_a_prefix_and_parts_of_it_be_left_out(tree: Path) -> None:
    found = list(archive.of_tree(tree, RelPath("x/y"), omit=(RelPath("a"), RelPath("B"))))
    names = {name for name in FILES if not name.startswith("a/") and name != "B"}
    assert [source.path for source in found] == sorted(f"x/y/{name}" for name in names)


def test_what_is_neither_file_nor_folder_is_refused_and_all_of_it_named(tree: Path) -> None:
    (tree / "link").symlink_to("a.txt")
    os.mkfifo(tree / "a" / "pipe")
    with pytest.raises(Refused, match=r"(?s)a/pipe: .*a named pipe\n.*link: .*a symbolic link"):
        list(archive.of_tree(tree))
    with pytest.raises(Refused, match="a symbolic link"):
        archive.of_file(tree / "link", RelPath("link"))


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param([], id="none"),
        pytest.param(["b", "a"], id="another order"),
        pytest.param(["a", "a"], id="one twice"),
        pytest.param(["a", "a-b", "a/b"], id="a file that is a folder"),
        pytest.param(["a/b", "a/b/c/d"], id="a file that is a folder above a folder"),
        pytest.param(["../a"], id="a path that leads out"),
        pytest.param(["./a"], id="another spelling"),
        pytest.param(["/a"], id="an absolute path"),
        pytest.param(["a\nb"], id="a line feed"),
        pytest.param(["\udce9"], id="not UTF-8"),
        pytest.param(["n" * 256], id="a name too long for a disk"),
    ],
)
def test_what_cannot_be_an_archive_is_refused_before_anything_is_read(paths: list[str]) -> None:
    with pytest.raises(Refused, match="archive: "):
        Stream(Source(RelPath(path), "/dev/null", 0, False) for path in paths)


# files that change


LARGE = 3 << 20


def grow(place: Path) -> None:
    with place.open("ab") as file:
        file.write(b"x")


def overwrite(place: Path) -> None:
    time.sleep(0.02)  # into another tick of the file system's clock
    with place.open("r+b") as file:
        file.write(b"x")


def replace(place: Path) -> None:
    time.sleep(0.02)
    place.with_name("other").write_bytes(place.read_bytes())
    place.with_name("other").replace(place)


def link(place: Path) -> None:
    time.sleep(0.02)
    place.rename(place.with_name("other"))
    place.symlink_to("other")


def shrink(place: Path) -> None:
    os.truncate(place, 1)


def permit(place: Path) -> None:
    time.sleep(0.02)
    place.chmod(0o755)


@pytest.mark.parametrize("change", [grow, shrink, overwrite, replace, link, Path.unlink, permit])
def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    place = tmp_path / "f"
    place.write_bytes(bytes(LARGE))
    time.sleep(0.02)
    stream = Stream([archive.of_file(place, RelPath("f"))])
    stream.read(1)
    stream.read(1 << 16)
    stream.read(1 << 16)
    change(place)
    with pytest.raises(Refused, match=re.escape(f"{place}: ")) as raised:
        drain(stream)
    assert (stream.done, stream.sha256, stream.failure) == (False, "", raised.value)
    with pytest.raises(Refused) as again:
        stream.read(1)
    assert again.value is raised.value


@pytest.mark.parametrize("size", [3, LARGE])
@pytest.mark.parametrize(
    ("change", "found"),
    [
        (grow, "found a regular file of"),
        (shrink, "found a regular file of 1 bytes"),
        (permit, "a program"),
        (Path.unlink, "found none"),
        (link, "found a symbolic link"),
        (lambda place: (place.unlink(), os.mkfifo(place)), "found a named pipe"),
        (lambda place: (place.unlink(), place.mkdir()), "found a folder"),
    ],
    ids=["grew", "shrank", "became a program", "is gone", "is a link", "is a pipe", "is a folder"],
)
def test_a_file_that_is_not_what_was_listed_is_refused(
    tmp_path: Path, size: int, change: Callable[[Path], object], found: str
) -> None:
    place = tmp_path / "f"
    place.write_bytes(bytes(size))
    stream = Stream([archive.of_file(place, RelPath("f"))])
    change(place)
    with pytest.raises(Refused, match=re.escape(f"{place}: ") + ".*" + found):
        drain(stream)


@pytest.mark.parametrize("size", [0, 3, LARGE])
def test_a_content_with_another_digest_than_the_source_says_is_refused(
    tmp_path: Path, size: int
) -> None:
    data = os.urandom(size)
    (tmp_path / "f").write_bytes(data)
    right = hashlib.sha256(data).hexdigest()
    source = archive.of_file(tmp_path / "f", RelPath("f"))
    good = Stream([source._replace(sha256=right)])
    assert drain(good) == drain(Stream([source]))
    assert good.done
    bad = Stream([source._replace(sha256="0" * 64)])
    with pytest.raises(Refused, match=f"f: expected sha256:0{{64}}, found sha256:{right}"):
        drain(bad)
    assert not bad.done


def test_a_file_that_holds_more_than_it_says_is_refused() -> None:
    source = archive.of_file(Path("/proc/self/status"), RelPath("status"))
    assert source.size == 0
    with pytest.raises(Refused, match="/proc/self/status: changed while it was read"):
        drain(Stream([source]))


@pytest.mark.parametrize("size", [10, 100_000])
def test_the_beginning_of_a_file_that_grows_is_a_member_like_any_other(
    tmp_path: Path, size: int
) -> None:
    place = tmp_path / "ledger"
    place.write_bytes(b"x" * size + b"later")
    sha256 = hashlib.sha256(b"x" * size).hexdigest()
    source = Source(parse("ledger"), str(place), size, False, sha256, beginning=True)
    stream = Stream([source])
    first = stream.read(100)
    grow(place)
    whole = first + drain(stream)
    with tarfile.open(fileobj=io.BytesIO(whole)) as found:
        assert found.extractfile("ledger").read() == b"x" * size
    place.write_bytes(b"x" * (size - 1))
    with pytest.raises(Refused, match="ledger"):
        drain(Stream([source]))
    place.write_bytes(b"y" * (size + 5))
    with pytest.raises(Refused, match="expected sha256:"):
        drain(Stream([source]))


def test_a_stream_that_nobody_reads_to_its_end_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(LARGE))
    source = archive.of_file(tmp_path / "f", RelPath("f"))._replace(sha256="0" * 64)
    with Stream([source]) as stream:
        stream.read(1)
    with pytest.raises(ValueError, match="closed"):
        stream.read(1)
    assert not stream.done
    Stream([source]).read(1)  # and dropped


def test_an_interrupted_read_is_not_the_end(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream(archive.of_tree(tree))

    def stop(*_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "read", stop)
        stream.read()
    with pytest.raises(KeyboardInterrupt):
        stream.read()
    assert not stream.done


def test_memory_stays_bounded_however_large_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    os.truncate(tmp_path / "f", 300_000_000)
    stream = Stream(archive.of_tree(tmp_path))
    tracemalloc.start()
    try:
        (found,) = archive.scan(stream.read)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (found.size, stream.done) == (300_000_000, True)
    assert peak < 16_000_000


# reading


def test_scanning_tells_what_was_written(tree: Path) -> None:
    assert scanned(packed(tree)) == [
        (name, len(FILES[name]), name == "program", hashlib.sha256(FILES[name]).hexdigest())
        for name in sorted(FILES)
    ]


def test_members_that_are_not_read_are_passed_and_stay_so(tree: Path) -> None:
    entries = list(archive.members(reading(packed(tree))))
    assert [entry.path for entry in entries] == sorted(FILES)
    with pytest.raises(ValueError, match="expected to be read before the next"):
        next(entries[-1].pieces())


def test_a_source_of_single_bytes_is_read_as_any_other(tree: Path) -> None:
    data = packed(tree)[:]
    file = io.BytesIO(data)
    assert list(archive.scan(lambda _: file.read(1))) == scanned(data)


SMALL = by_tarfile(info("a", b"content"), info("b/pl\xe4n", b"x" * 9))


def test_every_flipped_bit_is_damage_or_another_content_or_another_path() -> None:
    right = scanned(SMALL)
    outcomes = {"refused": 0, "content": 0, "path": 0}
    for bit in range(8 * len(SMALL)):
        data = bytearray(SMALL)
        data[bit // 8] ^= 1 << bit % 8
        try:
            found = scanned(bytes(data))
        except Damaged:
            outcomes["refused"] += 1
            continue
        changed = [(m, n) for m, n in zip(right, found, strict=True) if m != n]
        ((was, now),) = changed
        kind = "path" if was.path != now.path else "content"
        assert was == now._replace(sha256=was.sha256, path=was.path)
        assert (was.sha256 != now.sha256) == (kind == "content")
        outcomes[kind] += 1
    assert outcomes["content"] == 8 * (7 + 9)
    assert 0 < outcomes["path"] < 8 * 2  # of the one letter that no checksum covers
    assert sum(outcomes.values()) == 8 * 10240


def test_every_truncation_and_every_addition_is_damage() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(Damaged, match="archive: byte "):
            scanned(SMALL[:length])
    for more in (b"\0", b"x", bytes(512), bytes(10240), SMALL):
        with pytest.raises(Damaged, match=r"byte 10240: expected the end"):
            scanned(SMALL + more)


A = info("a", b"content")
ONE = by_tarfile(A)


def patched(at: int, new: bytes, data: bytes = ONE, *, block: int = 0) -> bytes:
    """Return an archive with other bytes in one of its headers, and the checksum for them."""
    whole = bytearray(data)
    whole[512 * block + at : 512 * block + at + len(new)] = new
    head = whole[512 * block : 512 * block + 512]
    if at not in range(148, 156):
        total = sum(head[:148]) + 8 * 32 + sum(head[156:])
        whole[512 * block + 148 : 512 * block + 156] = b"%06o\0 " % total
    return bytes(whole)


def pax(records: bytes, name: str = "a") -> bytes:
    """Return an archive whose one file has a pax header of exactly these records."""
    head = info("././@PaxHeader", records, type=b"x", mode=0)[0].tobuf(tarfile.USTAR_FORMAT)
    body = head + records + bytes(-len(records) % 512) + ONE[:1024]
    body = patched(0, name.encode("ascii", "replace").ljust(100, b"\0"), body, block=-2)
    return body + bytes(1024 + -(len(body) + 1024) % 10240)


LONG = "n" * 101
HOSTILE = {
    "nothing": b"",
    "no member": bytes(10240),
    "one block of zeros at the end": ONE[:1536],
    "an end that is not filled": ONE[:2048],
    "an end that is filled twice": ONE + bytes(10240),
    "something after the end": ONE[:2048] + b"x" + ONE[2049:],
    "a member after the end": ONE[:1536] + ONE[:1024] + bytes(7680),
    "members in another order": by_tarfile(info("b"), A),
    "a member twice": by_tarfile(A, A),
    "a file that is a folder": by_tarfile(A, info("a/b")),
    "a file that is a folder, apart": by_tarfile(A, info("a-b"), info("a/b")),
    "a path that leads out": by_tarfile(info("../a")),
    "a path that leads out further down": by_tarfile(info("a/../../b")),
    "an absolute path": by_tarfile(info("/a")),
    "a path in another spelling": by_tarfile(info("./a")),
    "an empty part": by_tarfile(info("a//b")),
    "a slash at the end": patched(0, b"a/"),
    "no path": patched(0, b"\0"),
    "a backslash": by_tarfile(info("a\\b")),
    "a NUL in the name": patched(0, b"a\0b"),
    "a NUL in the path": pax(b"14 path=n\xc3\xa9\0x\n", "n?"),
    "a line feed in the path": pax(b"14 path=n\xc3\xa9\nx\n", "n?"),
    "a path that is not UTF-8": pax(b"11 path=n\xe9\n", "n?"),
    "a path of a surrogate": pax(b"13 path=\xed\xb3\xa9a\n", "?a"),
    "a path too long": by_tarfile(info("/".join(["n" * 200] * 6))),
    "a name too long": by_tarfile(info("n" * 256)),
    "a name that is not ASCII": patched(0, "é".encode()),
    "a prefix": patched(345, b"b"),
    "a hard link": by_tarfile(info("a", type=b"1", linkname="b")),
    "a symbolic link": by_tarfile(info("a", type=b"2", linkname="b")),
    "a character device": by_tarfile(info("a", type=b"3")),
    "a block device": by_tarfile(info("a", type=b"4")),
    "a folder": by_tarfile(info("a", type=b"5")),
    "a named pipe": by_tarfile(info("a", type=b"6")),
    "a contiguous file": by_tarfile(info("a", type=b"7")),
    "a file of before 1988": by_tarfile(info("a", type=b"\0")),
    "a sparse file": by_tarfile(info("a", type=b"S")),
    "a long name of GNU tar": by_tarfile(info(LONG), form=tarfile.GNU_FORMAT),
    "a long link of GNU tar": by_tarfile(
        info("a", type=b"2", linkname=LONG), form=tarfile.GNU_FORMAT
    ),
    "a sparse file by pax": by_tarfile(info("a", pax_headers={"GNU.sparse.major": "1"})),
    "a time by pax": by_tarfile(info(LONG, pax_headers={"mtime": "1.5"})),
    "a comment by pax": by_tarfile(info(LONG, pax_headers={"comment": "hello"})),
    "a link by pax": by_tarfile(info(LONG, pax_headers={"linkpath": "x"})),
    "a global pax header": pax(b"9 path=a\n").replace(b" 0x", b" 0g"),
    "a path by pax that needs none": pax(b"10 path=a\n"),
    "a size by pax that needs none": pax(b"16 path=n\xc3\xa9\n10 size=7\n", "n?"),
    "the size before the path": pax(b"10 size=7\n12 path=n\xc3\xa9\n", "n?"),
    "a path by pax twice": pax(b"12 path=n\xc3\xa9\n" * 2, "n?"),
    "a record's length with a zero": pax(b"012 path=n\xc3\xa9\n", "n?"),
    "a record's length too small": pax(b"11 path=n\xc3\xa9\n", "n?"),
    "records and zeros": pax(b"12 path=n\xc3\xa9\n\0", "n?"),
    "another name beside the pax header": pax(b"12 path=n\xc3\xa9\n", "m?"),
    "an empty pax header": pax(b""),
    "two pax headers": pax(b"12 path=n\xc3\xa9\n")[:1024] * 2 + ONE,
    "a pax header of 1 GiB": patched(124, b"%011o\0" % (1 << 30), pax(b"12 path=n\xc3\xa9\n")),
    "a pax header and no file": pax(b"12 path=n\xc3\xa9\n")[:1024] + bytes(9216),
    "another mode": by_tarfile(info("a", mode=0o600)),
    "a mode that gives the owner's rights": by_tarfile(info("a", mode=0o4755)),
    "an owner": by_tarfile(info("a", uid=1)),
    "a group": by_tarfile(info("a", gid=1)),
    "an owner's name": by_tarfile(info("a", uname="root")),
    "a time": by_tarfile(info("a", mtime=1)),
    "a link's target in a file": by_tarfile(info("a", linkname="b")),
    "the form of GNU tar": by_tarfile(A, form=tarfile.GNU_FORMAT),
    "numbers of a device": patched(329, b"0000000\0"),
    "something in the rest of the header": patched(511, b"x"),
    "a size in base 256": patched(124, b"\x80" + bytes(10) + b"\x07"),
    "a size that begins with spaces": patched(124, b"          7\0"),
    "a size that ends in a space": patched(124, b"00000000007 "),
    "a size too small": patched(124, b"00000000006\0"),
    "a size of nothing": patched(124, b"00000000000\0"),
    "a size beyond the end": patched(124, b"%011o\0" % 10240),
    "a size without an end": patched(124, b"77777777777\0"),
    "a wrong checksum": patched(148, b"000000\0 "),
    "a checksum in other words": patched(148, ONE[148:154] + b" \0"),
    "a checksum of signed bytes": patched(148, b"777777\0 ", by_tarfile(info("é"))),
    "a content that is not filled with zeros": ONE[:519] + b"x" + ONE[520:],
    "a compressed archive": b"\x1f\x8b\x08\0" + bytes(10236),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_the_writer_would_not_write_is_damaged_and_says_where(
    data: bytes, tmp_path: Path
) -> None:
    with pytest.raises(Damaged, match=r"^archive: (before )?byte \d+: "):
        scanned(data)
    (tmp_path / "out").mkdir()
    with pytest.raises(Damaged):
        archive.extract(reading(data), tmp_path / "out")
    assert os.listdir(tmp_path) == ["out"]
    assert not [path for path in tmp_path.rglob("*") if path.is_symlink()]


def test_a_pax_header_too_large_is_damaged_before_it_is_read() -> None:
    asked = []
    data = io.BytesIO(HOSTILE["a pax header of 1 GiB"])

    def read(count: int) -> bytes:
        asked.append(count)
        return data.read(min(count, 512))

    with pytest.raises(
        Damaged, match="a pax header of at most 1536 bytes, found one of 1073741824"
    ):
        list(archive.scan(read))
    assert len(asked) == 1


def test_an_archive_without_the_harm_is_accepted() -> None:
    assert pax(b"12 path=n\xc3\xa9\n", "n?") == by_tarfile(info("né", b"content"))
    assert patched(0, b"b") == by_tarfile(info("b", b"content"))


# extracting


def test_extracting_gives_back_the_files_with_their_modes(tree: Path, tmp_path: Path) -> None:
    data, out = packed(tree), tmp_path / "out"
    out.mkdir()
    before = os.umask(0o077)
    try:
        done = archive.extract(reading(data), out)
    finally:
        os.umask(before)
    assert done == (len(FILES), len(data), hashlib.sha256(data).hexdigest())
    assert picture(out) == picture(tree)
    assert {p.stat().st_mode & 0o7777 for p in out.rglob("*") if p.is_dir()} == {0o755}
    assert sorted(os.listdir(tmp_path)) == ["out", "tree"]


def test_only_an_empty_folder_is_extracted_into(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    for place, found in (("full", "'x' in it"), ("link", "a symbolic link"), ("full/x", "a reg")):
        with pytest.raises(Refused, match=f"expected an empty folder, found {found}"):
            archive.extract(reading(ONE), tmp_path / place)
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize("theirs", ["a", "b", "b/pl\xe4n"])
def test_what_somebody_else_puts_there_is_neither_followed_nor_overwritten(
    tmp_path: Path, theirs: str
) -> None:
    out, outside, file = tmp_path / "out", tmp_path / "outside", io.BytesIO(SMALL)
    out.mkdir()
    outside.mkdir()

    def read(count: int) -> bytes:
        if not (out / theirs).is_symlink():
            (out / theirs).parent.mkdir(exist_ok=True)
            (out / theirs).symlink_to(outside)
        return file.read(count)

    with pytest.raises(Refused, match="expected nothing, found what somebody made"):
        archive.extract(read, out)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("mode", ["ENOSPC", "EIO", "lost", "torn"])
def test_a_fault_at_any_call_is_told_and_changes_nothing_outside(tmp_path: Path, mode: str) -> None:
    for at in range(1, 1000):
        out = tmp_path / f"{at}"
        out.mkdir()
        done = None
        with fault(at, mode) as faulty:
            try:
                done = archive.extract(reading(SMALL), out)
            except OSError as error:
                assert error.errno == getattr(errno, mode)
        if faulty.count < at:
            break
        assert done is None or mode == "torn"
        assert {m.path: m.size for m in scanned(SMALL)}.items() >= {
            (str(p.relative_to(out)), p.stat().st_size)
            for p in out.rglob("*")
            if p.is_file() and p.stat().st_mode & 0o777 == 0o644
        }
    assert at > 10
    assert done is not None and done.files == 2
    assert sorted(os.listdir(tmp_path), key=int) == [f"{n}" for n in range(1, at + 1)]


def test_a_disk_that_takes_little_at_a_time_gets_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable.system, "write", lambda fd, data: os.write(fd, data[:5]))
    archive.extract(reading(SMALL), tmp_path)
    assert packed(tmp_path) == SMALL


def test_what_is_read_ahead_is_what_is_read_and_a_failure_comes_in_its_place():
    pieces = [b"one", b"two"]

    class Source:
        def read(self, count):
            if not pieces:
                raise OSError("the disk is gone")
            return pieces.pop(0)

    ahead = Ahead(Source())
    assert (ahead.read(), ahead.read()) == (b"one", b"two")
    with pytest.raises(OSError, match="the disk is gone"):
        ahead.read()
    with pytest.raises(ValueError, match="expected a count"):
        ahead.read(7)
    ahead.close()
