"""Imports and names, construct by construct: what is rewritten, byte for byte, and what is not.

``@`` stands for the legacy package, and in what is expected for the canonical one.
"""

from __future__ import annotations

import pytest

from sealwright.contracts.coo.rewriting import planning
from sealwright.contracts.coo.rewriting.rulings import Rulings
from tests.coo.rewriting.corpus import NAMES, asked, lay, rewritten, rules, tree

OLD, NEW = "project_builder", "coo"
REWRITTEN = {
    "I01 import and attribute": "import @\n@.core.build()\nx = [@, @.core]\n",
    "I02 import of a submodule": "import @.sub.deep\n@.sub.deep.go()\n",
    "I03 import as": "import @.core as c\nc.build()\n",
    "I04 from": "from @ import core\ncore.build()\n",
    "I05 from as": "from @.core import build as b\nb()\n",
    "I06 several names": "import os, @, sys, @.core as c\n@.core; os; c\n",
    "I07 import package as": "import @ as pb\npb.core\n",
    "I08 star": "from @.core import *\nbuild()\n",
    "I09 type checking": "if TYPE_CHECKING:\n    from @.core import Builder\nx: Builder\n",
    "I10 try and except": "try:\n    import @\nexcept ImportError:\n    @ = None\nif @: @.core\n",
    "I11 in a function": "def f():\n    import @\n    return @.core\n",
    "I15 global, del and store": (
        "def f():\n    global @\n    import @\n    @.x = 1\n    del @\ndef g(): return @.x\n"
    ),
    "I15 nonlocal": "def f():\n    import @\n    def g():\n        nonlocal @\n        del @\n",
    "I16 f-string": 'import @\ns = f"{@.core!r:>{@.core.LIMIT}} {{x}}"\n',
    "I16 f-string of several lines": 'import @\ns = f"""\n{@.core}\n{\n@.sub}"""\n',
    "I17 blanks and continuations": "from   @ . core   import  (build ,\n  LIMIT)\nimport\\\n  @\n",
    "I17 continued from": "from \\\n    @.core \\\n    import build\n",
    "I17 spaced attribute": "import @ . core\n(@\n  .core\n  .build)()\n",
    "I18 decorators and defaults": (
        "import @\n@@.core.wrap\ndef f(x: @.A = @.b, *, y=@.c) -> @.D: ...\n"
        "class C(@.Base, metaclass=@.M): ...\n"
    ),
    "I18 match and walrus": (
        "import @\nmatch x:\n    case @.core.A(y=1): ...\n    case [@.B, *z]: ...\n"
        "if (n := @.core.LIMIT) > 1: ...\nf = lambda a=@.c: @.d\n"
    ),
    "I19 one line": "import @; @.core.build(); x = 1\nif x: import @; @.core\n",
    "I20 async, except* and class": (
        "import @\nasync def f():\n    async with @.a() as b:\n        await @.c\n"
        "    async for x in @.d: yield x\ntry: ...\nexcept* @.E: ...\n"
        "class C:\n    import @\n    y = @.core\n"
    ),
    "I21 absolute, inside": "from @.core import build\nimport @.sub\n@.sub.deep\n",
    "I23 exported": 'from @.core import build\nimport @\n__all__ = ["build", "@"]\n',
    "comprehensions": "import @\n[@.x for y in @.z if @.q]\n{k: @.v for k in @.w}\n",
    "used in a function": "import @\ndef f():\n    return lambda: [@.x for _ in y]\n",
    "class names are not seen inside": (
        "import @\nclass C:\n    def @(self): return @.core\n".replace("def @(", "def other(")
    ),
    "canonical is imported, too": "import coo\nimport @\n@.x + coo.y\n",
    "the package again": "import @\nimportlib.reload(@)\n@ = importlib.reload(@)\n@.x\n",
    "chained": "import @.core, @.sub\n@.core.x = @.sub.y\ndel @.core.x\n",
    "B05 no newline at the end": "import @\n@.core",
    "B06 form feed and tabs": "import @\n\x0c\ndef f():\n\tif 1:\n\t\treturn @.core\n",
    "B07 letters before": "import @\nx = 'éàß漢😀', @.core, 'ü', @.sub\n",
    "B03 line ends": "import @\r\nx = 1\r\n@.core\r\n",
    "B04 mixed line ends": 'import @\r\nx = """a\rb\nc"""\n@.core\r@.sub\n',
    "old Macintosh line ends": "import @\r@.core\rdef f():\r\treturn @.sub\r",
}
KEPT = {
    "I22 relative": "from .. import core\nfrom . import x\nfrom .@ import y\n",
    "N01 a submodule of that name": "from . import @\n@.go()\n",
    "N02 a variable": "@ = 3\nprint(@ + 1)\ndef f(@): return @\n",
    "N03 longer names": "import @s, my_@\nfrom @_x import y\n@s.a; my_@.b; @2 = 1\n",
    "N04 attributes and keywords": "f(@=1)\nx.@ = y.@.z\nclass C:\n    @ = 2\n",
    "a name from elsewhere": "from other import @\n@.x()\n",
    "an alias of that name": "import other as @\n@.x\n",
    "a function of that name": "def @(): ...\n@()\n",
    "nothing is imported": "for @ in range(3): @ += 1\nwith x as @: @\n",
    "other capitals": "import PROJECT_BUILDER\nProject_Builder = 1\n",
}
MIXED = [
    (
        "I12 a parameter elsewhere",
        "def f():\n    import @\n    return @.core\ndef g(@): return @\n",
        "def f():\n    import coo\n    return coo.core\ndef g(@): return @\n",
    ),
    (
        "I13 shadowed in a function",
        "import @\n@.a\ndef f():\n    @ = 1\n    return @\n",
        "import coo\ncoo.a\ndef f():\n    @ = 1\n    return @\n",
    ),
    (
        "I14 the first segment only",
        "import @.@\n@.@.x\nfrom @.@ import y\n",
        "import coo.@\ncoo.@.x\nfrom coo.@ import y\n",
    ),
    ("I14 from itself", "from @ import @\n@.x\n", "from coo import @\n@.x\n"),
    (
        "N05 keyword and attribute",
        "import @\nf(@=@.core)\nx.@ = @.y.@\n",
        "import coo\nf(@=coo.core)\nx.@ = coo.y.@\n",
    ),
    (
        "shadowed in a comprehension",
        "import @\n[@ for @ in @.core]\n",
        "import coo\n[@ for @ in coo.core]\n",
    ),
    (
        "bound in a class is not seen in its functions",
        "import @\nclass C:\n    @ = 1\n    x = @\n    def f(self): return @.core\n",
        "import coo\nclass C:\n    @ = 1\n    x = @\n    def f(self): return coo.core\n",
    ),
    (
        "imported under its own name as another",
        "import @ as @\n@.core\n",
        "import coo as @\n@.core\n",
    ),
    (
        "an except clause of that name",
        "import @.core\ndef f():\n    try: ...\n    except E as @: @\n",
        "import coo.core\ndef f():\n    try: ...\n    except E as @: @\n",
    ),
    (
        "a pattern of that name",
        "import @\ndef f(x):\n    match x:\n        case {**@}: return @\n",
        "import coo\ndef f(x):\n    match x:\n        case {**@}: return @\n",
    ),
]


def said(text, name):
    return text.replace("@@", "\0").replace("@", name).replace("\0", "@" + name).encode()


@pytest.mark.parametrize("source", REWRITTEN.values(), ids=REWRITTEN)
def test_is_rewritten(tmp_path, source):
    assert rewritten(tmp_path, said(source, OLD)) == said(source, NEW)
    assert set(rules(tmp_path, said(source, OLD))) <= {"R1", "R2"}
    assert not asked(tmp_path, said(source, OLD))


@pytest.mark.parametrize("source", KEPT.values(), ids=KEPT)
def test_is_kept(tmp_path, source):
    assert rewritten(tmp_path, said(source, OLD)) == said(source, OLD)
    assert not asked(tmp_path, said(source, OLD))


@pytest.mark.parametrize(("before", "after"), [m[1:] for m in MIXED], ids=[m[0] for m in MIXED])
def test_only_the_package_is_rewritten(tmp_path, before, after):
    assert rewritten(tmp_path, said(before, OLD)) == said(after, OLD)
    assert not asked(tmp_path, said(before, OLD))


REFUSED = [
    ("H2", "import @\ncoo = 1\n"),
    ("H2", "import @\ndef f(coo): return @.x\n"),
    ("H2", "import @\ndef f():\n    coo = 1\n    def g(): return @.x\n"),
    ("H2", "from x import coo\nimport @\n"),
    ("H2", "def f():\n    import @\n    return coo\n"),
    ("H2", "import @\n[@.x for coo in y]\n"),
    ("H2", "import @\nclass C:\n    coo = 1\n    x = @.y\n"),
    ("H1", "import @\n@ = 1\n"),
    ("H1", "import @\nfrom x import @\n"),
    ("H1", "import @\ndef @(): ...\n"),
    ("H1", "class C:\n    import @\n    def f(self): return self.@\n"),
    ("H1", "def f(@):\n    import @\n"),
    ("H1", "try:\n    import @\nexcept ValueError:\n    @ = None\n"),
]


@pytest.mark.parametrize(("rule", "source"), REFUSED)
def test_what_would_change_its_meaning_is_refused(tmp_path, rule, source):
    assert {found for found, _ in asked(tmp_path, said(source, OLD))} == {rule}


def test_a_capture_in_another_function_is_none(tmp_path):
    source = b"import project_builder\ndef f(coo): return coo\ndef g(): return project_builder.x\n"
    assert not asked(tmp_path, source)


def test_a_name_that_nothing_binds_is_asked_about_if_it_is_there(tmp_path):
    assert asked(tmp_path, b"project_builder.core.build()\n") == [
        ("R2", "project_builder.core.build")
    ]
    assert asked(tmp_path, b"project_builder.nothing()\n") == []


def test_letters_that_python_reads_as_the_name_are_asked_about(tmp_path):
    source = "import project_builder\nproject_\N{FULLWIDTH LATIN SMALL LETTER B}uilder.core\n"
    assert asked(tmp_path, source.encode()) == [("R2", "project_builder")]


@pytest.mark.parametrize(
    "source",
    [
        "from helpers import project_builder\n",
        "from . import project_builder, x\nproject_builder.y\n",
    ],
)
def test_the_package_by_way_of_another_module_is_the_package(tmp_path, source):
    for name in ("helpers.py", "tests/__init__.py"):
        lay(tmp_path, {name: "import project_builder\n"})
    assert not asked(tmp_path, source.encode())
    assert rewritten(tmp_path, source.encode()).decode() == source.replace("project_builder", "coo")


def test_a_name_of_another_module_is_not_the_package(tmp_path):
    lay(tmp_path, {"helpers.py": "project_builder = 'project_builder'\n"})
    assert not asked(tmp_path, b"from helpers import project_builder\n")
    assert not asked(tmp_path, b"from " + b"." * 99 + b" import project_builder\n")


def test_a_star_import_hands_the_package_on(tmp_path):
    files = {
        "coo/shared.py": "import project_builder\nVALUE = 1\n",
        "coo/closed.py": "import project_builder\n__all__ = ['VALUE']\nVALUE = 1\n",
        "coo/tests/test_a.py": "from ..shared import *\nf(project_builder, project_builder.x)\n",
        "coo/tests/test_b.py": "from ..closed import *\nproject_builder.core.build()\n",
    }
    index = tree(tmp_path, "coo")
    lay(tmp_path, files)
    made = planning.plan(tmp_path, ["coo/tests"], NAMES, index, Rulings())
    assert [(file.path, len(file.edits)) for file in made.files] == [("coo/tests/test_a.py", 2)]
    assert [each.path for each in made.unanswered] == ["coo/tests/test_b.py"]


def test_what_a_module_hands_on_is_the_package(tmp_path):
    files = {
        "tests/context.py": "import project_builder\n",
        "tests/other.py": "project_builder = 1\n",
        "tests/test_a.py": "from .context import project_builder\nproject_builder.core.build()\n",
        "tests/test_b.py": "from .context import project_builder as p\np.core.build()\n",
        "tests/test_c.py": "from .other import project_builder\nproject_builder.core.build()\n",
    }
    index = tree(tmp_path)
    lay(tmp_path, files)
    made = planning.plan(tmp_path, ["tests"], NAMES, index, Rulings())
    assert made.verdict.holds
    found = [(file.path, [edit.rule for edit in file.edits]) for file in made.files]
    assert found == [
        ("tests/context.py", ["R1"]),
        ("tests/test_a.py", ["R1", "R2"]),
        ("tests/test_b.py", ["R1"]),
    ]
