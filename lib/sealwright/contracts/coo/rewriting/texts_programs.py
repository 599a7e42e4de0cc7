"""Programs: which one a command line runs, and what its arguments are.

>>> first_word("cd x && X=1 poetry run ./bin/mypy --strict ")
'mypy'
"""

from __future__ import annotations

import re

_SPLIT = re.compile(r"&&|\|\||[;|`(]|\$\(|\bthen\b|\bdo\b|\belse\b")
_NOISE = re.compile(
    r"(?:[\s@+>$%-]*(?:-\s+)?(?:[\w-]+\s*:\s+)?[\"'\[|>]*\s*)"
    r"(?:(?:\w+=\S*|sudo|time|env|exec|nice|xvfb-run|poetry run|uv run|pdm run|hatch run|rye run"
    r"|pipenv run|[\w./{}$()]*python[\w.)}]*\s+(?:-\w+\s+)*-m)\s+)*"
)
_FIRST = re.compile(r"[\"']?(?:[\w.${}()~-]*/)*([\w.+-]+)")
CHECKERS = ("mypy", "dmypy", "stubtest", "mypy.stubtest", "stubgen")
_PATHS = """
    autoflake autopep8 bandit basedpyright black blacken-docs cat cd chmod chown cloc codespell
    compileall coverage cp ctags cython cythonize darglint doc8 docformatter du etags find flake8
    grep interrogate isort lint-imports ls mv mypy mypy.stubtest nose2 nosetests pdoc pdoc3 pep8
    py.test pyan pycodestyle pydocstyle pyflakes pyink pylint pyrefly pyright pytest pytype
    pyupgrade radon rm rsync ruff sed sphinx-apidoc stubgen stubtest tar test ty ufmt unify usort
    vulture wc xenon xgettext yapf
"""
_INSTALLERS = """
    apt apt-get brew choco conda curl dnf docker easy_install echo emerge gh git hatch hub mamba nix
    npm pacman pdm pip pip3 pipenv pipx poetry printf snap twine uv uvx wget yum
"""
PATHS = frozenset(_PATHS.split())  # they take files, folders or modules
INSTALLERS = frozenset(_INSTALLERS.split())  # they take distributions, or words


def alone(before: str) -> bool:
    """Return whether what follows is an argument of its own, and not among others in quotes."""
    return before[-1:] in ("'", '"') or not (before.count("'") % 2 or before.count('"') % 2)


def first_word(before: str) -> str:
    """Return the program that is given what follows, without its folder; none: empty."""
    piece = _SPLIT.split(before)[-1]
    noise = _NOISE.match(piece)
    found = _FIRST.match(piece, noise.end() if noise else 0)
    return found[1] if found else ""
