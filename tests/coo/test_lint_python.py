"""Each rule of the lint about Python, where it is broken and where it is kept."""

from __future__ import annotations

import pytest

from tests.coo.scans import linted, rules

RANDOM, TIME, CODE = "determinism-randomness", "determinism-time", "dynamic-code"
HALT = "missing-escalation"


def broken(root, source):
    return [rule for rule, _ in rules(root, source)]


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("import random\nrandom.random()", RANDOM),
        ("import random as r\nr.choice([1])", RANDOM),
        ("from random import choice\nchoice([1])", RANDOM),
        ("from random import choice as c\nc([1])", RANDOM),
        ("import secrets\nx = secrets.token_hex", RANDOM),
        ("import uuid\nuuid.uuid4().hex", RANDOM),
        ("import os\nos.urandom(1)", RANDOM),
        ("import os.path\nos.urandom(1)", RANDOM),
        ("import random\ndef f():\n    return random.random()", RANDOM),
        ("def f():\n    import random\n    return random.random()", RANDOM),
        ("class A:\n    import random\n    x = random.random()", RANDOM),
        ("import random\nr = random\nr.random()", RANDOM),
        ("import random\ngetattr(random, 'random')()", RANDOM),
        ("import importlib\nimportlib.import_module('random').random()", RANDOM),
        ("import random\n[random.random() for _ in ()]", RANDOM),
        ("import random\nf = lambda: random.random()", RANDOM),
        ("import random\ndef f(x=random.random()): ...", RANDOM),
        (
            "try:\n    import random\nexcept ImportError:\n    random = None\nrandom.random()",
            RANDOM,
        ),
        ("import time\ntime.time()", TIME),
        ("from time import time as now\nnow()", TIME),
        ("from time import *\ntime()", TIME),
        ("import time\nt, n = time, 0\nt.time()", TIME),
        ("import time\nif (t := time): t.time()", TIME),
        ("import time\n[t.time() for _ in () if (t := time)]", TIME),
        ("import time\nx = time\nx = x.time\nx()", TIME),
        ("import datetime as d\nx = d\nx = x.datetime\nx = x.now\nx()", TIME),
        ("import time\na = b\nb = a\nb = time\na.time()", TIME),
        ("import datetime\ndatetime.datetime.now()", TIME),
        ("import datetime as d\nd.datetime.utcnow().date()", TIME),
        ("from datetime import datetime\ndatetime.now()", TIME),
        ("from datetime import datetime as d, date\nd.today()\ndate.today()", TIME),
        ("import time\nclock = time.time if 1 else None\nclock()", TIME),
        ("import time\n@time.time\ndef f(): ...", TIME),
        ("exec('x')", CODE),
        ("eval('x')", CODE),
        ("x = eval", CODE),
        ("compile('x', '', 'exec')", CODE),
        ("__import__('os')", CODE),
        ("import builtins as b\nb.eval('x')", CODE),
        ("def f(run=eval): ...", CODE),
        ("import importlib\nimportlib.import_module(name)", "dynamic-import"),
        ("from importlib import import_module as i\ni(f'a.{name}')", "dynamic-import"),
        ("import importlib\nf = importlib.import_module", "dynamic-import"),
        ("from os import *", "wildcard-import"),
        ("from . import *", "wildcard-import"),
        ("def f():\n    global x\n    x = 1", "global-statement"),
        ("try: ...\nexcept: ...", "bare-except"),
        ("CACHE = {}", "mutable-module-state"),
        ("a = b = [1]", "mutable-module-state"),
        ("a: list[int] = []", "mutable-module-state"),
        ("if 1:\n    a = set()", "mutable-module-state"),
        ("import collections\na = collections.deque()", "mutable-module-state"),
        ("a = {x for x in ()}", "mutable-module-state"),
    ],
)
def test_a_rule_that_is_broken_is_found(tmp_path, source, rule):
    assert rule in broken(tmp_path, source)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "'random.random() time.time() eval(x)'  # exec(x) import random",
        "import random",
        "from time import time",
        "import time\ndef f(now=time.time):\n    return now()",
        "import time\ndef f(*, now=time.time):\n    return now()",
        "import random\ndef f(rng: random.Random) -> random.Random:\n    return rng.random()",
        "from __future__ import annotations\nimport random\nrng: random.Random",
        "def random(): ...\nrandom()",
        "def f(random):\n    return random.random()",
        "import random\ndef f():\n    random = 1\n    return random",
        "class A:\n    import random\n    def f(self):\n        return random",
        "for time in (): time.time()",
        "from . import random\nrandom.random()",
        "from .time import time\ntime()",
        "import mytime\nmytime.time()",
        "self.random.random()",
        "import time\ntime.sleep(1)",
        "import datetime\ndatetime.datetime(2025, 1, 1)",
        "def eval(x): ...\neval('x')",
        "model.eval()",
        "import re\nre.compile('x')",
        "import importlib\nimportlib.import_module('json')",
        "from os import path",
        "def f():\n    x = []",
        "class A:\n    x: list = []",
        "__all__ = ['a']",
        "A = (1, 2)\nB = frozenset()",
        "def list(): ...\na = list()",
        "try: ...\nexcept Exception: ...",
        "match x:\n    case {'a': time, **random}: time.time(random.random)",
        "try: ...\nexcept E as random: random.random()",
        "with a as time: time.time()",
        "[random.random() for random in ()]",
    ],
)
def test_what_only_looks_like_it_is_left_alone(tmp_path, source):
    assert broken(tmp_path, source) == []


def test_a_name_may_be_bound_to_itself_as_often_as_it_likes(tmp_path):
    source = "def f(x):\n" + "    x = x.replace('a', 'b')\n" * 2000
    assert broken(tmp_path, source) == []
    assert broken(tmp_path, "x = y\ny = x.y\n" * 500) == []
    assert broken(tmp_path, "".join(f"a{n} = a{n + 1}\n" for n in range(300))) == []
    much = "import m\nx = m\n" + "".join(f"x = x.a{n}\n" for n in range(26))
    assert broken(tmp_path, much) == ["unparsable"]


HALTING = "def f():\n    {call}raise AmendmentHaltException('x')\n"


@pytest.mark.parametrize(
    "source",
    [
        HALTING.format(call=""),
        "def f():\n    raise AmendmentHaltException",
        "def f():\n    raise errors.RollbackAbortedException('x')",
        "from a import GovernanceError as E\ndef f():\n    raise E('x')",
        "raise GovernanceError('x')",
        "def f():\n    error = GovernanceError('x')\n    raise error",
        "from a import GovernanceError as E\ndef f():\n    raise (error := E('x'))",
        "def halt(): ...",
        "class A:\n    def halt_all(self): ...",
        "async def f():\n    raise GovernanceError",
        "def f():\n    def g():\n        escalate()\n    raise GovernanceError",
        "def f():\n    escalate()\n    def g():\n        raise GovernanceError",
        "def f():\n    x = lambda: escalate()\n    raise GovernanceError",
        "def f():\n    emit_escalation_artefact\n    raise GovernanceError",
        "def f():\n    'escalate()'\n    raise GovernanceError",
    ],
)
def test_a_halt_without_an_escalation_in_the_same_function_is_found(tmp_path, source):
    assert broken(tmp_path, source) == [HALT]


@pytest.mark.parametrize(
    "source",
    [
        HALTING.format(call="emit_escalation_artefact('MissingAnchor')\n    "),
        HALTING.format(call="self.queue.raise_question('x')\n    "),
        "from a import escalate as e\ndef f():\n    e()\n    raise GovernanceError",
        "def f():\n    if x:\n        with y:\n            escalate()\n    raise GovernanceError",
        "def f():\n    [escalate(x) for x in ()]\n    raise GovernanceError",
        "def halt(): escalate()",
        "escalate()\nraise GovernanceError('x')",
        "def f():\n    raise ValueError('GovernanceError')",
        "def f():\n    try: ...\n    except ValueError:\n        raise",
        "class GovernanceError(Exception): ...",
        "def unhalt(): ...",
    ],
)
def test_a_halt_that_escalates_and_no_halt_are_left_alone(tmp_path, source):
    assert broken(tmp_path, source) == []


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = (", 1),
        ("a = 1\n\ndef f(:\n", 3),
        ("print 'x'", 1),
        ("x = 1\n  y = 2", 2),
        ("(" * 500 + ")" * 500, 1),
        ("x = " + "-" * 20000 + "1", 1),
        ("x = 'a'" + " + 'a'" * 50000, 1),
    ],
    ids=["open", "signature", "old", "indent", "brackets", "signs", "sum"],
)
def test_what_is_no_python_is_an_error(tmp_path, source, line):
    assert rules(tmp_path, source) in ([("unparsable", line)], [])
    if len(source) < 100:
        assert rules(tmp_path, source) == [("unparsable", line)]


@pytest.mark.parametrize(("data", "rule"), [(b"\xff", "not-text"), (b"x = 1\0", "not-text")])
def test_what_is_no_text_is_an_error(tmp_path, data, rule):
    assert [each for each, _ in rules(tmp_path, data)] == [rule]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_places_are_those_of_an_editor(tmp_path, end, mark):
    source = end.join(
        ["import time", "'ä\U0001f600', time.time(), '''", "\x0c'''; time.time()", ""]
    )
    found = linted(tmp_path, mark + source).findings
    assert [(each.line, each.column) for each in found] == [(2, 7), (3, 7)]


def test_a_finding_says_what_and_what_to_do(tmp_path):
    (found,) = linted(tmp_path, "from time import time as t\nt()").findings
    assert found.message == "runtime code reads a clock: time.time"
    assert found.remedy == "take the time from an argument, whose default may be the clock"
