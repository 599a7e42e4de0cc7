"""A small legacy package, and scans of one file beside it."""

from __future__ import annotations

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import python_files
from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
from sealwright.contracts.coo.rewriting.references import splice

NAMES = Names("project_builder", "coo")
PACKAGE = {
    "__init__.py": (
        "from .core import Builder\nfrom . import core\n__version__ = '1'\ndef main(): ...\n"
    ),
    "__main__.py": "",
    "core.py": "class Builder: ...\ndef build(): ...\nLIMIT = 3\n",
    "star.py": "from .core import *\n",
    "lazy.py": "def __getattr__(name): ...\n",
    "cfg.py": "",
    "sub/__init__.py": "",
    "sub/deep.py": "def go(): ...\n",
    "project_builder.py": "",
    "data/x.txt": "",
    "templates/page.html": "",
    "_speed.pyx": "",
}


def lay(root, files, prefix=""):
    for name, text in files.items():
        place = root / prefix / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())


def tree(root, folder="project_builder"):
    lay(root, PACKAGE, folder)
    return ModuleTree.of(root, ".", NAMES)


def found(root, data):
    return python_files.scan("tests/test_it.py", data, NAMES, tree(root))


def rewritten(root, data):
    return splice(data, found(root, data).edits)


def rules(root, data):
    return [edit.rule for edit in found(root, data).edits]


def asked(root, data):
    return [(question.rule, question.text) for question in found(root, data).questions]
