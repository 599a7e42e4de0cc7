"""Whatever fails, and wherever: after recovery the tree is wholly new or wholly old."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sealwright import durable, transaction
from sealwright.errors import Damaged, Refused
from sealwright.paths import RelPath
from sealwright.transaction import Move, Transaction

OLD = {
    "keep.txt": "kept",
    "lib/": None,
    "lib/changed.py": "old",
    "lib/gone.py": "goes",
    "lib/pack/": None,
    "lib/pack/one.py": "1",
    "lib/pack/deep/": None,
    "lib/pack/deep/two.py": "2",
    "legacy/": None,
    "legacy/a.py": "legacy",
    "link": "-> lib/changed.py",
    "dead": "-> nowhere",
    "kind": "a file that becomes a folder",
    "trash/": None,
    "staged/": None,
    "staged/changed.py": "new",
    "staged/pack/": None,
    "staged/pack/three.py": "3",
    "staged/fresh": "made where no folder is",
    "staged/tree/": None,
    "staged/tree/leaf": "leaf",
    "staged/link": "-> /outside/the/root",
    "staged/first": "-> keep.txt",
    "staged/kind/": None,
    "staged/kind/inside": "now a folder",
}
NEW = {
    "keep.txt": "kept",
    "lib/": None,
    "lib/changed.py": "new",
    "lib/pack/": None,
    "lib/pack/three.py": "3",
    "link": "-> /outside/the/root",
    "first": "-> keep.txt",
    "kind/": None,
    "kind/inside": "now a folder",
    "new/": None,
    "new/folder/": None,
    "new/folder/fresh": "made where no folder is",
    "new/tree/": None,
    "new/tree/leaf": "leaf",
    "trash/": None,
    "trash/gone.py": "goes",
    "trash/legacy/": None,
    "trash/legacy/a.py": "legacy",
    "trash/deep/": None,
    "trash/deep/dead": "-> nowhere",
    "staged/": None,
    "staged/changed.py": "old",
    "staged/pack/": None,
    "staged/pack/one.py": "1",
    "staged/pack/deep/": None,
    "staged/pack/deep/two.py": "2",
    "staged/link": "-> lib/changed.py",
    "staged/kind": "a file that becomes a folder",
}
PLACES = [
    ("lib/changed.py", "staged/changed.py"),
    ("lib/pack", "staged/pack"),
    ("lib/gone.py", "trash/gone.py"),
    ("legacy", "trash/legacy"),
    ("new/folder/fresh", "staged/fresh"),
    ("new/tree", "staged/tree"),
    ("link", "staged/link"),
    ("first", "staged/first"),
    ("dead", "trash/deep/dead"),
    ("kind", "staged/kind"),
]


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of trees are made here; that each call happens matters, not that a disk turns."""
    monkeypatch.setattr(durable.system, "fsync", lambda descriptor: None)


def plant(root: Path, tree: dict[str, str | None]) -> None:
    root.mkdir()
    for name, text in tree.items():
        if text is None:
            (root / name).mkdir()
        elif text.startswith("-> "):
            (root / name).symlink_to(text[3:])
        else:
            (root / name).write_text(text)


def picture(place: Path) -> dict[str, str | None]:
    seen: dict[str, str | None] = {}
    for item in sorted(place.rglob("*")):
        name = str(item.relative_to(place))
        if item.is_symlink():
            seen[name] = f"-> {os.readlink(item)}"
        elif item.is_dir():
            seen[f"{name}/"] = None
        else:
            seen[name] = item.read_text()
    return seen


def identify(place: Path) -> str | None:
    if not os.path.lexists(place):
        return None
    if place.is_symlink():
        content = f"-> {os.readlink(place)}"
    elif place.is_dir():
        content = repr(sorted(picture(place).items()))
    else:
        content = place.read_text()
    return hashlib.sha256(content.encode()).hexdigest()


def moves(root: Path) -> list[Move]:
    return [
        Move(RelPath(final), RelPath(staged), identify(root / final), identify(root / staged))
        for final, staged in PLACES
    ]


def started(tmp_path: Path) -> tuple[Path, Path, Transaction]:
    root, folder = tmp_path / "root", tmp_path / "work" / "transaction"
    plant(root, OLD)
    return root, folder, transaction.begin(folder, root, moves(root), {"why": "a test"})


class Fault(Exception):
    """What the fault injector raises; nothing may catch it on the way."""


CALLS = ("open", "write", "fsync", "replace", "rename", "rmdir", "mkdir", "unlink", "chmod")


class Faulty:
    """Makes the n-th call that changes the file system raise, before or after it is done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, *, done: bool) -> None:
        self.left, self.done, self.calls = at, done, 0
        for name in CALLS:
            monkeypatch.setattr(durable.system, name, self._wrap(getattr(durable.system, name)))

    def _wrap(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any) -> Any:
            self.calls += 1
            self.left -= 1
            if self.left == 0 and not self.done:
                raise Fault
            result = call(*arguments)
            if self.left == 0:
                raise Fault
            return result

        return wrapped


def count(act: Callable[[], object]) -> int:
    with pytest.MonkeyPatch.context() as patch:
        faulty = Faulty(patch, 0, done=False)
        act()
        return faulty.calls


def fail(act: Callable[[], object], at: int, *, done: bool) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Fault):
        Faulty(patch, at, done=done)
        act()


def loaded(folder: Path, root: Path) -> Transaction:
    found = transaction.load(folder, root)
    assert found is not None
    return found


def test_forward_makes_the_tree_new_and_loses_nothing(tmp_path: Path) -> None:
    root, folder, begun = started(tmp_path)
    assert picture(root) == OLD
    assert begun.forward(identify) == begun.moves
    assert picture(root) == NEW
    begun.close()
    assert transaction.load(folder, root) is None


def test_back_makes_the_tree_old_again_to_the_last_empty_folder(tmp_path: Path) -> None:
    root, _, begun = started(tmp_path)
    begun.forward(identify)
    assert len(begun.back(identify)) == len(PLACES)
    kept = {name: text for name, text in picture(root).items() if name != "trash/deep/"}
    assert kept == OLD


def test_settling_twice_moves_nothing_more(tmp_path: Path) -> None:
    root, _, begun = started(tmp_path)
    assert begun.back(identify) == ()
    assert picture(root) == OLD
    begun.forward(identify)
    assert begun.forward(identify) == ()
    assert picture(root) == NEW


def test_an_intent_is_read_as_it_was_written(tmp_path: Path) -> None:
    root, folder, begun = started(tmp_path)
    assert transaction.load(folder, root) == begun
    assert begun.note == {"why": "a test"}


def old(root: Path) -> bool:
    """Whether all is as before, but for the folder that a deletion made among the staged."""
    return {name: text for name, text in picture(root).items() if name != "trash/deep/"} == OLD


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done"])
@pytest.mark.parametrize("recovery", ["forward", "back"])
@pytest.mark.parametrize("act", ["begin", "forward", "back", "close"])
def test_a_fault_at_every_call_leaves_a_tree_that_recovers(
    tmp_path: Path, act: str, recovery: str, done: bool
) -> None:
    def ready(place: Path) -> tuple[Path, Path, Callable[[], object]]:
        if act == "begin":
            plant(place / "root", OLD)
            root, folder = place / "root", place / "work" / "transaction"
            listed = moves(root)
            return root, folder, lambda: transaction.begin(folder, root, listed, {})
        root, folder, begun = started(place)
        if act != "forward":
            begun.forward(identify)
        call = {"forward": begun.forward, "back": begun.back}.get(act)
        return root, folder, begun.close if call is None else lambda: call(identify)

    (tmp_path / "dry").mkdir()
    calls = count(ready(tmp_path / "dry")[2])
    assert calls
    for at in range(1, calls + 1):
        place = tmp_path / f"{at}"
        place.mkdir()
        root, folder, doing = ready(place)
        fail(doing, at, done=done)
        found = transaction.load(folder, root)
        if found is None:  # the intent never became durable, or is already removed
            assert picture(root) == (OLD if act == "begin" else NEW), at
            continue
        getattr(found, recovery)(identify)
        assert picture(root) == NEW if recovery == "forward" else old(root), at
        found.close()
        assert transaction.load(folder, root) is None


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done"])
def test_a_fault_in_every_recovery_of_a_fault_recovers_too(tmp_path: Path, done: bool) -> None:
    (tmp_path / "dry").mkdir()
    _, _, begun = started(tmp_path / "dry")
    calls = count(lambda: begun.forward(identify))
    for at in range(1, calls + 1, 7):
        for again in range(1, calls + 1, 9):
            place = tmp_path / f"{at}-{again}"
            place.mkdir()
            root, folder, first = started(place)
            fail(lambda first=first: first.forward(identify), at, done=done)
            with pytest.MonkeyPatch.context() as patch:
                Faulty(patch, again, done=done)
                with contextlib.suppress(Fault):
                    loaded(folder, root).back(identify)
            loaded(folder, root).forward(identify)
            assert picture(root) == NEW, (at, again)


def test_a_process_killed_at_any_call_leaves_a_tree_that_recovers(tmp_path: Path) -> None:
    (tmp_path / "dry").mkdir()
    _, _, begun = started(tmp_path / "dry")
    calls = count(lambda: begun.forward(identify))
    for at in range(1, calls + 1):
        place = tmp_path / f"{at}"
        place.mkdir()
        root, folder, doing = started(place)
        child = os.fork()
        if child == 0:
            try:
                fail(lambda doing=doing: doing.forward(identify), at, done=False)
            finally:
                os.kill(os.getpid(), signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        loaded(folder, root).back(identify)
        assert old(root), at


def test_recovery_syncs_what_a_crash_left_done_but_perhaps_not_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, folder, begun = started(tmp_path)
    begun.forward(identify)
    synced: set[Path] = set()
    sync = durable.sync_folder
    monkeypatch.setattr(durable, "sync_folder", lambda place: (synced.add(place), sync(place)))
    loaded(folder, root).forward(identify)
    places = {(root / place).parent for pair in PLACES for place in pair}
    assert places | {root} <= synced


def test_a_strange_place_stops_everything_before_anything_moves(tmp_path: Path) -> None:
    root, folder, begun = started(tmp_path)
    (root / "lib/changed.py").write_text("edited by somebody")
    (root / "staged/tree/leaf").unlink()
    before = picture(root)
    for settle in (begun.forward, begun.back):
        with pytest.raises(Damaged) as raised:
            settle(identify)
        assert picture(root) == before
        first, second = str(raised.value).splitlines()
        assert first.startswith(f"{root}/lib/changed.py: expected ")
        assert second.startswith(f"{root}/new/tree: expected ")
        assert f"found {identify(root / 'lib/changed.py')}" in first
    assert transaction.load(folder, root) is not None


def test_a_folder_made_for_a_move_stays_if_somebody_else_uses_it(tmp_path: Path) -> None:
    root, _, begun = started(tmp_path)
    begun.forward(identify)
    (root / "new/folder/note").write_text("mine")
    begun.back(identify)
    assert (root / "new/folder/note").read_text() == "mine"


def test_a_second_transaction_is_refused_while_one_is_open(tmp_path: Path) -> None:
    root, folder, begun = started(tmp_path)
    with pytest.raises(Refused, match="expected no unfinished transaction, found one"):
        transaction.begin(folder, root, begun.moves, {})
    assert transaction.load(folder, root) == begun


@pytest.mark.parametrize(
    "places",
    [
        pytest.param([("a", "s"), ("a", "t")], id="one final place twice"),
        pytest.param([("a", "s"), ("b", "s")], id="one staged place twice"),
        pytest.param([("a", "s"), ("a/b", "t")], id="a place in another"),
        pytest.param([("a", "a/b")], id="a staged place in its own final place"),
        pytest.param([("work", "s")], id="a place around the intent"),
        pytest.param([("work/intent.json", "s")], id="the intent itself"),
        pytest.param([("a", "s"), ("link/x", "t"), ("b/x", "u")], id="one place by two names"),
    ],
)
def test_places_that_overlap_are_a_mistake_of_the_caller(
    tmp_path: Path, places: list[tuple[str, str]]
) -> None:
    (tmp_path / "link").symlink_to("b")
    listed = [Move(RelPath(final), RelPath(staged), None, "x") for final, staged in places]
    with pytest.raises(ValueError, match="expected places apart"):
        transaction.begin(tmp_path / "work", tmp_path, listed, {})
    assert not (tmp_path / "work").exists()


def test_a_place_behind_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/out").symlink_to(tmp_path)
    move = Move(RelPath("out/a"), RelPath("s"), None, "x")
    with pytest.raises(Refused, match="leads out"):
        transaction.begin(tmp_path / "work", tmp_path / "root", [move], {})


def test_every_changed_byte_and_every_truncation_of_an_intent_is_damaged_or_says_another(
    tmp_path: Path,
) -> None:
    root, folder, begun = started(tmp_path)
    data = begun.intent.read_bytes()
    forms = [data[:length] for length in range(len(data))] + [data + b"\n"]
    forms += [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in range(len(data))]
    for form in forms:
        begun.intent.write_bytes(form)
        try:
            assert transaction.load(folder, root) != begun
        except Damaged as damaged:
            assert str(begun.intent) in str(damaged)
