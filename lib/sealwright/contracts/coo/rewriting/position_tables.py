"""Which functions, arguments, variables and keys take the name of a module, and which another one.

The tables are closed: what is in none of them says nothing.  A function goes by its last name;
its arguments by their place, counted from 0, or by their keyword.

>>> by_function("import_module", 0), by_function("version", 0), by_function("print", 0)
(<Position.MODULE: 'module'>, <Position.KEPT: 'kept'>, None)
"""

from __future__ import annotations

import re
from enum import Enum


class Position(Enum):
    """What a string is for."""

    MODULE = "module"
    KEPT = "kept"
    KEY = "key"
    GROUP = "group"
    ANNOTATION = "annotation"
    CODE = "code"
    EXPORTED = "exported"
    DOCUMENT = "document"
    FREE = "free"


Places = frozenset[int | str]


def _table(places: Places, names: str) -> dict[str, Places]:
    return dict.fromkeys(names.split(), places)


_FIRST: Places = frozenset({0})
_ANY: Places = frozenset(range(20))
_MODULES: dict[str, Places] = {
    **_table(_FIRST, "__import__ find_loader find_module load_module importorskip"),
    **_table(frozenset({0, "name"}), "getLogger get_logger assertLogs assertNoLogs"),
    **_table(_FIRST, "run_module get_data resource_filename resource_string resource_stream"),
    **_table(_FIRST, "resource_listdir resource_exists resource_isdir PackageLoader Extension"),
    **_table(_FIRST, "patch setattr delattr ModuleType new_module spec_from_file_location"),
    **_table(_FIRST, "SourceFileLoader import_fresh_module resolve_name locate import_string"),
    **_table(_FIRST, "DocTestSuite loadTestsFromName CleanImport import_from_string"),
    **_table(_FIRST, "module_from_string getmodule cached_import import_class"),
    **_table(frozenset({0, 1, "name", "package"}), "import_module find_spec"),
    **_table(frozenset({"package"}), "DocFileSuite testfile"),
    **_table(frozenset({1, "logger"}), "set_level at_level"),
    **_table(frozenset({"module"}), "main"),
    **_table(frozenset({"module", 3}), "filterwarnings"),
    **_table(frozenset({0, "prefix", "path"}), "walk_packages iter_modules"),
    **_table(frozenset({"include", "exclude", 1}), "find_packages find_namespace_packages"),
    **_table(frozenset({"packages", "py_modules", "namespace_packages", "test_suite"}), "setup"),
}
RESOURCES = frozenset(
    [
        "files",
        "path",
        "contents",
        "open_text",
        "open_binary",
        "read_text",
        "read_binary",
        "is_resource",
        "as_file",
    ]
)
_KEPT: dict[str, Places] = {
    **_table(_FIRST, "version get_version distribution requires get_distribution getfixturevalue"),
    **_table(_FIRST, "getgroup addini getini getoption textdomain bindtextdomain translation"),
    **_table(_FIRST, "get_closest_marker iter_markers mktemp"),
    **_table(frozenset({"id"}), "param"),
    **_table(_FIRST, "ContextVar namedtuple NewType register_profile load_profile get_profile"),
    **_table(_ANY, "require usefixtures add_argument add_option addoption"),
    **_table(_FIRST | {"prog", "usage"}, "ArgumentParser OptionParser add_parser"),
    **_table(_ANY | {"package_name", "prog_name"}, "version_option"),
    **_table(_ANY | {"appname", "appauthor"}, "AppDirs PlatformDirs user_cache_dir"),
    **_table(_ANY | {"appname", "appauthor"}, "user_config_dir user_data_dir user_log_dir"),
    **_table(_ANY | {"appname", "appauthor"}, "user_cache_path user_config_path user_data_path"),
    **_table(frozenset({"libraries"}), "Extension"),
    **_table(frozenset({"name"}), "fixture"),
    "setup": frozenset(
        {"name", "keywords", "install_requires", "setup_requires", "tests_require", "provides"}
    ),
}
_GROUPS: dict[str, Places] = {
    **_table(_ANY | {"group"}, "entry_points iter_entry_points select"),
    **_table(frozenset({0, "namespace"}), "ExtensionManager DriverManager HookManager"),
    **_table(frozenset({0, "namespace"}), "NamedExtensionManager EnabledExtensionManager"),
    **_table(frozenset({0, "namespace"}), "DispatchExtensionManager NameDispatchExtensionManager"),
}
_KEPT_KEYWORDS = frozenset(
    [
        *("prog", "prog_name", "package_name", "dist_name", "distribution_name", "tool_name"),
        *("CLASS", "class_", "css_class"),  # of style sheets
    ]
)
_TYPES: dict[str, Places] = {
    **_table(_FIRST, "cast ForwardRef"),
    "TypeVar": frozenset({"bound", "default", *range(1, 20)}),
    "NewType": frozenset({1}),
}
_CODE: dict[str, Places] = {
    **_table(_FIRST, "exec eval compile runsource runcode timeit Timer"),
}
NAMED_MODULES = frozenset(
    ["pytest_plugins", "INSTALLED_APPS", "__module__", "__package__", "known_first_party"]
)
NAMED_KEPT = frozenset(
    [
        "project",
        "prog",
        "PROG",
        "__title__",
        "__project__",
        "htmlhelp_basename",
        "html_theme",
        "html_title",
        "man_pages",
        "latex_documents",
        "texinfo_documents",
        "aliases",
    ]
)
OF_MODULES = frozenset({"__name__", "__module__", "__package__"})
VALUES_OF_MODULES = OF_MODULES | {"doc_module"}
CALLED_MODULES = re.compile(r"(?:\w*_)?(?:module|modname|mod_name|module_name|modulename)|\w+_mod")
KEPT_VALUES = re.compile(  # of what a manual links to
    r"(?:github|gitlab|bitbucket)_\w+|\w+_(?:repo|repository)"
)
KEYS_OF_MODULES = frozenset(
    ["package_data", "package_dir", "exclude_package_data", "loggers", "reference_url"]
)
SETUP_MODULES = frozenset(
    {"packages", "py_modules", "namespace_packages", "test_suite"}
)  # in a setup.py
SETUP_KEPT = frozenset({"name", "keywords", "provides"})
KEYS_OF_GROUPS = frozenset({"entry_points", "ENTRY_POINTS"})
MODULE_OPTIONS = frozenset(
    ["-m", "--pyargs", "--cov", "--doctest-modules", "-p", "--verifytypes", "--cover-package"]
)
OTHERS_OPTION_M = frozenset({"git", "hg", "svn", "pytest", "py.test"})
PREFIXES = frozenset({"startswith", "removeprefix", "partition", "split"})
KEPT_KEYS = frozenset(  # of what is no module; the last three are of elements
    ["environ", "env", "config", "headers", "attrs", "attrib", "attributes"]
)
BUILTINS = frozenset({"exec", "eval", "compile"})  # methods of that name run other things
DICTS = frozenset({"get", "pop", "setdefault", "setitem", "delitem"})
_TABLES = (
    (_MODULES, Position.MODULE),
    (_KEPT, Position.KEPT),
    (_GROUPS, Position.GROUP),
    (_TYPES, Position.ANNOTATION),
    (_CODE, Position.CODE),
)


def by_function(name: str, place: int | str) -> Position | None:
    """Return what the argument at a place of a function is; None if no table tells."""
    for table, position in _TABLES:
        if place in table.get(name, ()):
            return position
    if place in OF_MODULES:
        return Position.MODULE
    return Position.KEPT if place in _KEPT_KEYWORDS else None
