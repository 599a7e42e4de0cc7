"""Strings and comments, by where they stand and what they say.

``@`` stands for the legacy package, and in what is expected for the canonical one.
"""

from __future__ import annotations

import pytest

from sealwright.contracts.coo.rewriting import python_files
from sealwright.contracts.coo.rewriting.references import splice
from tests.coo.rewriting.corpus import NAMES, asked, found, rewritten, rules, tree
from tests.coo.rewriting.test_imports import NEW, OLD, said

REWRITTEN = {
    "S01 patch": ("R3", 'mock.patch("@.core.build")\nmocker.patch("@.core")\n'),
    "S01 patch of what is not found": ("R4", 'mock.patch("@.core.made_up.x", 1)\n'),
    "S01 setattr": ("R3", 'monkeypatch.setattr("@.core.LIMIT", 1)\n'),
    "S01 patch.dict": ("R3", 'patch.dict("@.core.LIMIT", {})\n'),
    "S02 import_module": ("R4", 'importlib.import_module("@")\nim("@")\n'.replace('im("@")', "")),
    "S02 by another name": ("R4", 'from importlib import import_module as im\nim("@")\n'),
    "S02 package argument": ("R4", 'import_module(".core", package="@")\n'),
    "S03 __import__": ("R4", '__import__("@")\n'),
    "S04 f-string": ("R5", 'x = f"@.{name}"\n'),
    "S04 f-string in a call": ("R5", 'import_module(f"@.{name}.x")\n'),
    "S04 below a module": ("R3", 'x = f"@.core.{name}"\n'),
    "S04 concatenation": ("R5", 'x = "@." + name\n'),
    "S04 format": ("R5", 'x = "@.{}".format(name)\ny = "@.%s" % name\n'),
    "S04 startswith": ("R5", 'x.startswith("@.")\n'),
    "S05 pytest_plugins": ("R4", 'pytest_plugins = ["@"]\n'),
    "S05 pytest_plugins of a module": ("R3", 'pytest_plugins = "@.sub.deep"\n'),
    "S06 sys.modules": ("R4", 'sys.modules["@"]\nsys.modules.pop("@", None)\n"@" in sys.modules\n'),
    "S06 patched sys.modules": ("R4", 'patch.dict("sys.modules", {"@": None})\n'),
    "S06 setitem": ("R4", 'monkeypatch.setitem(sys.modules, "@", x)\n'),
    "S06 loggers": ("R4", 'getLogger("@")\nlogging.getLogger("@.anything")\n'),
    "S06 log levels": ("R4", 'caplog.set_level(10, logger="@")\nself.assertLogs("@")\n'),
    "S06 dictConfig": ("R4", 'dictConfig({"version": 1, "loggers": {"@": {"level": 1}}})\n'),
    "S07 -m": ("R4", 'run([sys.executable, "-m", "@"])\nrun(("python", "-W", "x", "-m", "@"))\n'),
    "S07 -m of a module": ("R3", 'run([sys.executable, "-m", "@.core", "x"])\n'),
    "S07 -m in a command": ("R4", 'os.system("python3 -m @ --help")\n'),
    "S07 -m in an f-string": ("R4", 'x = f"{sys.executable} -m @ {y}"\n'),
    "S07 --cov": ("R4", 'run(["pytest", "--cov=@", "--cov", "@"])\n'),
    "S07 runpy": ("R4", 'runpy.run_module("@")\n'),
    "S08 annotations": ("R7", 'def f(x: "@.core.Builder") -> "list[@.core.Builder]": ...\n'),
    "S08 nested": ("R7", "x: \"List['@.core.Builder']\" = 1\ny: Optional['@.sub.X']\n"),
    "S08 cast": ("R7", 'cast("@.core.Builder", x)\nTypeVar("T", bound="@.core.Builder")\n'),
    "S08 type comment": ("R7", "x = f()  # type: @.core.Builder\n"),
    "S08 function's type comment": (
        "R7",
        "def f(a):\n    # type: (@.A, int) -> @.core.B\n    ...\n",
    ),
    "S11 resources": (
        "R4",
        'from importlib.resources import files\nfiles("@")\nget_data("@", "x")\n',
    ),
    "S11 loaders": ("R4", 'PackageLoader("@", "templates")\nresource_filename("@", "x")\n'),
    "S12 entry point": ("R3", 'x = "@.core:build"\ny = "@:main"\n'),
    "S13 paths": ("R8", 'open("@/data/x.txt")\nopen("./@/data/x.txt")\nglob("@/data/*.txt")\n'),
    "S13 joined": ("R8", 'os.path.join(here, "@", "data", "x.txt")\n'),
    "S13 divided": ("R8", 'ROOT / "@" / "data" / "x.txt"\n'),
    "S13 the folder": ("R8", 'Path(__file__).parent / "@"\n'),
    "S13 begun by a field": ("R8", 'x = f"{root}/@/data/x.txt"\n'),
    "S14 repr": ("R3", "x == \"<class '@.core.Builder'>\"\n"),
    "S14 in a sentence": ("R3", 'raises(E, match="@.core.build is no more")\n'),
    "S14 Python's messages": ("R4", "match=\"No module named '@'\"\n"),
    "regular expressions": ("R3", 'x = r"@\\.core\\.build\\(.*\\)"\n'),
    "prefix in a regular expression": ("R5", 'x = r"@\\.\\w+"\n'),
    "after an escape": ("R3", 'x = "\\n@.core.build"\n'),
    "bytes": ("R3", 'x = b"@.core.build"\n'),
    "raw, triple and joined": ("R3", 'x = (r"""@.core""" # \'"\n  ", " \'@.sub\')\n'),
    "filterwarnings": ("R3", 'filterwarnings("ignore", module="@.core")\n'),
    "filterwarnings by place": ("R3", 'filterwarnings("ignore", "x", Warning, "@.cfg")\n'),
    "names of modules": ("R4", 'x.__name__ == "@"\nassertEqual(f.__module__, "@")\n'),
    "prefixes of names of modules": ("R4", 'f.__module__.startswith("@")\n'),
    "prefixes by key": ("R4", 'globals["__name__"].startswith("@")\n'),
    "names that go over what is loaded": (
        "R4",
        'x = [k for k in sys.modules if k.startswith("@") or k == "@"]\n'
        'for n, m in list(sys.modules.items()):\n    if n == "@" or n in ("@", "x"): ...\n',
    ),
    "variables called a module's name": (
        "R4",
        'if mod_name.startswith("@") or w_module in ("@", "") or modname == "@": ...\n',
    ),
    "variables that are assigned a module's name": ("R4", 'mod_name = "@"\nself.module = "@"\n'),
    "a module's variable after its own": ("R4", 'if def_mod != "@": ...\n'),
    "keywords of modules": ("R4", 'recreate(x, __package__="@", __name__="@")\n'),
    "-m among other options": ("R4", 'os.system("python -Om @ --help")\n'),
    "a folder of set-up's": ("R4", 'package_dir = {"@": "@", "@.sub": "@/sub"}\n'),
    "setattr of __module__": ("R4", 'setattr(x[name], "__module__", "@")\n'),
    "levels of loggers by place": ("R4", 'caplog.at_level(logging.DEBUG, "@")\n'),
    "examples of a manual": ("R4", 'x = {"doc_module": "@", "reference_url": {"@": None}}\n'),
    "--verifytypes": ("R4", 'run(["pyright", "--verifytypes=@", "--verifytypes", "@"])\n'),
    "or below it": ("R4", 'if name == "@" or name.startswith("@."): ...\n'),
    "names of modules by key": ("R4", 'x = {"__name__": "@.made_up"}\ny = {"__module__": "@"}\n'),
    "__module__": ("R4", 'class C:\n    __module__ = "@"\n'),
    "set-up": ("R4", 'setup(packages=["@"], package_data={"@": ["*.txt"]}, py_modules=["@"])\n'),
    "set-up's modules": ("R3", 'Extension("@._speed", ["x.c"])\nsetup(test_suite="@.sub")\n'),
    "set-up's folders": ("R8", 'setup(package_dir={"": "@/data"})\n'),
    "names that a module makes": ("R3", 'x = "@.lazy.made_up"\n'),
    "a star import's names": ("R3", 'x = "@.star.build"\n'),
    "S10 exec": ("R6", 'exec("import @\\n@.anything.at_all()")\n'),
    "S10 exec of several lines": ("R6", 'exec("""\n    from @ import x\n    import @ as y\n""")\n'),
    "S10 tests in strings": (
        "R6",
        'pytester.makepyfile("""\n        import @\n        def test():\n'
        '            @.core.build()\n    """)\n',
    ),
    "S10 templates of source": ("R6", 'T = """\nimport @\n{body}\n%s @.x()\n"""\n'),
    "S10 -c": ("R6", 'run(["python", "-c", "import @; print(@.__file__)"])\n'),
    "S10 one import": ("R6", 'x = "from @.core import build"\n'),
    "eval": ("R6", 'eval("@.core.build()")\n'),
    "S09 doctest": (
        "R6",
        'def f():\n    """Say.\n\n    >>> import @\n    >>> @.core.build(\n    ...     @.core)\n'
        '    <@.core.Builder object>\n    >>> from @ import core as c\n    """\n',
    ),
    "S09 doctest without its import": ("R6", '"""\n>>> @.core.build()\n"""\n'),
}
KEPT = [
    ("distribution", 'version("@")\nmetadata.distribution("@")\nrequires("@")\n'),
    ("distribution's files", 'from importlib.metadata import files\nfiles("@")\n'),
    ("groups", 'entry_points(group="@")\niter_entry_points("@")\n'),
    ("groups called like a module", 'entry_points(group="@.core")\nselect(group="@.sub")\n'),
    ("groups by another name", 'DriverManager(namespace="@.core")\nHookManager("@.made", x)\n'),
    ("keys that are got", 'environ.get("@.core")\nself.environ.pop("@.sub", None)\n'),
    ("keys of what is named", 'x = Property("environ", "@.core", read_only=True)\n'),
    ("versions", 'get_version("@")\n'),
    ("project", 'setup(name="@", url="https://x.org/@.core")\nproject = "@"\n'),
    ("program", 'ArgumentParser(prog="@")\nArgumentParser("@")\n'),
    ("names of variables", 'ContextVar("@.core.now")\nnamedtuple("@", "a b")\n'),
    ("keys of an environment", 'environ["@.core.made"]\nos.environ["@"]\n"@.core" in environ\n'),
    ("fixtures", 'request.getfixturevalue("@")\nusefixtures("@")\n'),
    ("options", 'x = "--@"\ny = "--no-@-x"\nz = "-@.core"\n'),
    ("addresses", 'x = "https://@.core/@/data/x.txt"\ny = "me@@.core"\nz = "www.@.core"\n'),
    ("suffixes", 'x = ".@"\ny = "name.@"\nz = "x.@.core"\n'),
    ("settings", 'x = "@.timeout"\ny = "@.nothing.there"\n'),
    (
        "files that are not there",
        'x = "@.txt"\ny = "@/nothing/there.x"\nz = "User/@/1"\nv = "@/1.0"\n',
    ),
    ("distributions in words", 'x = "@>=1.0"\ny = "@[extra]"\nz = "@==2"\nv = "@-1.0.tar.gz"\n'),
    ("prose", 'x = "See @ for more."\nraise E("use @ instead, or @!")\n'),
    ("docstrings", '"""About @, and @.core.build and @/data/x.txt."""\n'),
    ("docstrings of others", 'class C:\n    """@.core."""\ndef f():\n    """:mod:`@.core`"""\n'),
    ("comments", "x = 1  # @.core and import @\n# import @\n"),
    ("longer words", 'x = "my@"\ny = "@s"\nz = "@_x.core"\nw = "_@"\n'),
    ("git's -m", 'run(["git", "commit", "-m", "@-x"])\nrun("git commit -m @ now")\n'),
    ("other joins", '", ".join(["@/nothing", "@-x"])\n'),
    ("paths of others", 'tmp / "@" / "nothing.py"\njoin(tmp, "@", "other")\n'),
    ("exports of what is not the package", '@ = 1\n__all__ = ["@"]\n'),
    ("literal types", 'def f(x: Literal["@.nothing"]): ...\n'),
    (
        "doctest of a function of that name",
        'def @(): ...\ndef g():\n    """\n    >>> @(1)\n    """\n',
    ),
    ("annotation of another name", 'class @: ...\ndef f(x: "@.core"): ...\n'),
    (
        "from in a sentence",
        'x = "from @"\ny = "from @ to the next"\n'.replace('"from @"', '"is from @"'),
    ),
    ("import in a sentence", 'x = "we import @ here"\n'),
    ("attributes of elements", 'x.attrib.pop("@", "")\nattrs["@"]\n"@" in attrs\nattrs.get("@")\n'),
    ("pages of a manual", 'x = "@.1"\n'),
    ("markers", 'item.get_closest_marker("@")\nnode.iter_markers("@")\n'),
    ("ids of tests", 'pytest.param(1, id="@")\n'),
    ("temporary folders", 'factory.mktemp("@")\n'),
    ("folders of a user", 'user_cache_path(appname="@")\nuser_config_path("@", "x")\n'),
    ("tools", 'read(tool_name="@")\n'),
    ("classes of style sheets", 'tag(CLASS="@")\ntag(class_="@")\n'),
    ("names of lexers", 'class L:\n    aliases = ["@", "xml+@"]\n'),
    ("links of a manual", 'x = {"github_repo": "@", "github_user": "@", "source_repo": "@"}\n'),
    ("a docstring that is assigned", '__doc__ = """\nThe @\n\n   @ - and @.core.build\n"""\n'),
    ("groups of entry points", 'x(entry_points={"@.core": ["y = x:y"]})\n'),
    (
        "comments and sentences in source text",
        'T = """\n%s x\n# so that @\n# uses @ now\nSee that @ works\n"""\n',
    ),
    ("type: ignore", "x = 1  # type: ignore[@.core]\n"),
    ("a type comment in a string", 'x = "# type: @.core2.X"\n'),
    ("pytest's -m", 'x = "pytest -m @"\n'),
]
ASKED = [
    ("R4", "@", 'x = "@"\n'),
    ("R4", "@", 'd["@"]\n'),
    ("R4", "@", 'getattr(x, "@")\n'),
    ("R4", "@", 'eval("@")\n'),
    ("R4", "@", 're.compile("@")\n'),
    ("R4", "@", 'logger.getChild("@")\n'),
    ("R4", "@", 'record.tuples == [("@", 1)]\n'),
    ("R4", "@", 'x = "  @\\n"\n'),
    ("R4", "@", 'if name == "@" or other.startswith("@-"): ...\n'),
    ("R4", "@", 'x = {"__name__": 1, "name": "@"}\n'),
    ("R4", "@+x", 'x = "@+x"\n'),
    ("R4", "@", 'x = b"@"\n'),
    ("R3", "@.cfg", 'x = "@.cfg"\n'),
    ("R3", "@.core.made_up", 'x = "@.core.made_up"\n'),
    ("R3", "tests.@.core", 'patch("tests.@.core")\n'),
    ("R5", "@.\N{OBJECT REPLACEMENT CHARACTER}", 'x = f"loading @.{name}"\n'),
    ("R8", "@/_version.py", 'setup(use_scm_version={"write_to": "@/_version.py"})\n'),
    ("R8", "/@", 'x = root + "/@"\n'),
    ("R8", "site-packages/@/data/x.txt", 'x = "site-packages/@/data/x.txt"\n'),
    ("R8", "@", 'tmp / "@"\n'),
    ("R6", "@", 'T = """\nimport @\n%s x\n@\n"""\n'),
    ("R6", "@", 'T = """\nimport @\n%s x\nreturn @ if x\n"""\n'),
    ("R6", "@", 'T = """\nimport @\n%s x\nx = @\n"""\n'),
    ("R6", "@", 'T = """\nimport @\n%s x\nif @:\n"""\n'),
    ("R6", "@", 'T = """\nimport @\n%s x\nmodule: @\n"""\n'),
    ("R6", "@", 'T = """\nimport @\n%s x\n@: value\n"""\n'),
    ("R6", "@", 'T = """\nimport @\n%s x\nprint @\n"""\n'),
    ("R3", "@.core", 'x = "project_" "builder.core", @\n'),
    ("R3", "@.core", 'x = "project\\x5fbuilder.core", @\n'),
    ("H3", "@", 'x = b"\\x80\\x04\\x8c\\x0fproject_builder.core"\n'),
]


@pytest.mark.parametrize(("rule", "source"), REWRITTEN.values(), ids=REWRITTEN)
def test_is_rewritten(tmp_path, rule, source):
    assert rewritten(tmp_path, said(source, OLD)) == said(source, NEW)
    assert rule in rules(tmp_path, said(source, OLD))
    assert not asked(tmp_path, said(source, OLD))


SETUP = b"""
packages = ["project_builder"]
made = dict(name="project_builder", packages=["project_builder", "project_builder.sub"])
more = {"name": "project_builder", "py_modules": ["project_builder"]}
project.Distribution({"name": "project_builder"})
"""


def test_variables_of_a_setup_script_hold_what_its_arguments_do(tmp_path):
    made = python_files.scan("setup.py", SETUP, NAMES, tree(tmp_path))
    assert not made.questions
    kept = [line for line in splice(SETUP, made.edits).splitlines() if b"project_builder" in line]
    assert [line.count(b"project_builder") for line in kept] == [1, 1, 1]
    assert all(b'"project_builder"' in line.partition(b"name")[2][:24] for line in kept)
    elsewhere = python_files.scan("tests/test_it.py", SETUP, NAMES, tree(tmp_path))
    assert len(elsewhere.questions) > 4


def test_source_text_that_cannot_be_parsed_says_nothing_in_comments_and_sentences(tmp_path):
    source = said(
        'T = """\nimport @\n%s x\n# so that @\nx = 1  # a @ again\nSee that @ works\n"""\n', OLD
    )
    assert not asked(tmp_path, source)
    assert rewritten(tmp_path, source) == source.replace(b"import project_builder", b"import coo")


@pytest.mark.parametrize("source", [k[1] for k in KEPT], ids=[k[0] for k in KEPT])
def test_is_kept(tmp_path, source):
    assert rewritten(tmp_path, said(source, OLD)) == said(source, OLD)
    assert not asked(tmp_path, said(source, OLD))
    assert found(tmp_path, said(source, OLD)).edits == ()


@pytest.mark.parametrize(("rule", "text", "source"), ASKED)
def test_is_asked(tmp_path, rule, text, source):
    assert asked(tmp_path, said(source, OLD)) == [(rule, text.replace("@", OLD))]
    (question,) = found(tmp_path, said(source, OLD)).questions
    assert bool(question.edits) == ("@" in source and rule != "H3" and ", @" not in source)


def test_mentions_are_counted(tmp_path):
    source = (
        b'"""project_builder and project_builder."""\nimport project_builder  # project_builder\n'
    )
    assert found(tmp_path, source).mentions == 3


def test_a_string_in_source_in_a_string(tmp_path):
    source = b"exec(\"import project_builder\\nx = 'project_builder.core.build'\")\n"
    assert rewritten(tmp_path, source) == source.replace(b"project_builder", b"coo")


def test_what_an_example_prints_is_compared(tmp_path):
    source = b'"""\n>>> f()\n\'project_builder.core\'\n\nproject_builder.core is fine\n"""\n'
    assert rewritten(tmp_path, source) == source.replace(b"'project_builder", b"'coo")


def test_the_places_in_fields_of_an_f_string(tmp_path):
    source = b"""x = f'{d["project_builder.core"]} {{project_builder.core}} {y:{w}}'\n"""
    assert rewritten(tmp_path, source) == source.replace(b"project_builder", b"coo")


def test_names_that_examples_bind_twice_are_asked_about(tmp_path):
    source = b'"""\n>>> import project_builder\n>>> from x import project_builder\n"""\n'
    assert asked(tmp_path, source) == [("R6", "project_builder")]
    assert rules(tmp_path, source) == ["R6"]


@pytest.mark.parametrize("place", ['"{}" in sys.modules', 'mock.patch("{}")', 'x = "{}"'])
def test_of_a_module_that_has_the_name_of_its_package_the_first_part_is_rewritten(tmp_path, place):
    twice = "project_builder.project_builder"
    source = (place.format(twice) + "\n").encode()
    assert not asked(tmp_path, source)
    assert rewritten(tmp_path, source).decode() == place.format("coo.project_builder") + "\n"
