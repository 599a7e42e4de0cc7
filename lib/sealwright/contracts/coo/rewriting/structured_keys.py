"""What the keys of known configurations hold: one table for all forms they are written in.

A line is a path of keys and the kind of its value (`structured_kinds`); ``*`` is any key,
``**`` any number of them; a path that ends in ``!`` is about the last key itself.  Keys are in
small letters, with ``_`` for ``-``.  The first line that fits counts.  ``[tool.X]`` of a
``pyproject.toml`` and the sections of INI files become the same path: see `known`.

>>> known("pyproject.toml", ("tool", "pytest", "ini_options", "testpaths"))
('pytest', 'testpaths')
>>> kind(known("setup.cfg", ("tool:pytest", "testpaths")), "value")
'path'
"""

from __future__ import annotations

from functools import cache, lru_cache

_TABLE = """
project scripts *                                   module
project gui_scripts *                               module
project entry_points * *                            module
project entry_points * !                            group
project readme **                                   path
project license **                                  path
project license_files                               path
project **                                          never
project ** !                                        never
build_system build_backend                          backend
build_system backend_path                           path
build_system **                                     never
dependency_groups **                                never
dependency_groups ** !                              never

setuptools packages                                 module
setuptools packages find where                      path
setuptools packages find *                          module
setuptools py_modules                               module
setuptools package_dir                              path
setuptools package_dir *                            path
setuptools package_dir * !                          module
setuptools package_data *                           path
setuptools package_data * !                         module
setuptools exclude_package_data *                   path
setuptools exclude_package_data * !                 module
setuptools data_files *                             path
setuptools data_files * !                           path
setuptools namespace_packages                       module
setuptools dynamic * attr                           module
setuptools dynamic * file                           path
setuptools cmdclass *                               module
setuptools ext_modules name                         module
setuptools ext_modules **                           path
setuptools license_files                            path
setuptools script_files                             path
setuptools_scm write_to                             path
setuptools_scm version_file                         path
setuptools_git_versioning version_file              path
setuptools_git_versioning version_callback          module
setuptools_dynamic **                               never

hatch build ** packages                             path
hatch build ** include                              path
hatch build ** exclude                              path
hatch build ** only_include                         path
hatch build ** artifacts                            path
hatch build ** sources                              path
hatch build ** sources **                           path
hatch build ** sources * !                          path
hatch build ** only_packages                        path
hatch build ** force_include *                      path
hatch build ** force_include * !                    path
hatch build ** shared_data *                        path
hatch build ** shared_data * !                      path
hatch build hooks * version_file                    path
hatch build hooks * path                            path
hatch build ** dependencies                         never
hatch version path                                  path
hatch metadata **                                   never
hatch envs ** scripts **                            command
hatch envs ** dependencies                          never
hatch envs ** extra_dependencies                    never
hatch envs ** features                              never
hatch envs ** !                                     never

flit module name                                    module
flit metadata module                                module
flit metadata entry_points_file                     path
flit metadata **                                    never
flit scripts *                                      module
flit entrypoints * *                                module
flit entrypoints * !                                group
flit sdist *                                        path
flit external_data directory                        path
poetry name                                         never
poetry packages include                             module
poetry packages from                                path
poetry packages **                                  never
poetry include                                      path
poetry include path                                 path
poetry exclude                                      path
poetry exclude path                                 path
poetry scripts *                                    module
poetry scripts * reference                          module
poetry scripts * callable                           module
poetry plugins * *                                  module
poetry plugins * !                                  group
poetry build script                                 path
poetry build                                        path
poetry readme                                       path
poetry **                                           never
poetry ** !                                         never
poetry_dynamic_versioning ** files                  path
poetry_dynamic_versioning **                        loose
pdm build includes                                  path
pdm build excludes                                  path
pdm build source_includes                           path
pdm build package_dir                               path
pdm build custom_hook                               path
pdm version path                                    path
pdm version write_to                                path
pdm version getter                                  module
pdm version **                                      never
pdm scripts **                                      command
pdm dev_dependencies **                             never
pdm **                                              unknown
uv build_backend module_name                        module
uv build_backend **                                 loose
uv dev_dependencies                                 never
uv sources **                                       never
uv sources ** !                                     never
uv workspace members                                path
uv workspace **                                     never
uv **                                               never
uv ** !                                             never
maturin module_name                                 module
maturin python_packages                             module
maturin python_source                               path
maturin include                                     path
maturin **                                          loose
scikit_build wheel packages                         path
scikit_build wheel packages *                       path
scikit_build **                                     loose
sip module                                          module
mypyc **                                            loose
cibuildwheel ** test_command                        command
cibuildwheel ** before_all                          command
cibuildwheel ** before_build                        command
cibuildwheel ** before_test                         command
cibuildwheel **                                     never

pytest addopts                                      options
pytest testpaths                                    path
pytest pythonpath                                   path
pytest norecursedirs                                path
pytest collect_ignore                               path
pytest python_files                                 path
pytest filterwarnings                               warning
pytest django_settings_module                       module
pytest doctest_**                                   unknown
pytest required_plugins                             never
pytest env                                          command
pytest usefixtures                                  never
pytest cov_source                                   either
pytest markers                                      never
pytest log_**                                       unknown
coverage run source                                 either
coverage run source_pkgs                            module
coverage run source_dirs                            path
coverage run omit                                   path
coverage run include                                path
coverage run plugins                                module
coverage run data_file                              path
coverage run debug_file                             path
coverage run command_line                           command
coverage run context                                never
coverage report omit                                path
coverage report include                             path
coverage report exclude_lines                       unknown
coverage report **                                  unknown
coverage html title                                 never
coverage html **                                    loose
coverage xml **                                     loose
coverage paths *                                    path
coverage paths * !                                  never
mypy packages                                       module
mypy modules                                        module
mypy files                                          path
mypy exclude                                        path
mypy mypy_path                                      path
mypy plugins                                        module
mypy overrides module                               module
mypy **                                             loose
pyright include                                     path
pyright exclude                                     path
pyright strict                                      path
pyright ignore                                      path
pyright extra_paths                                 path
pyright **                                          loose
basedpyright include                                path
basedpyright exclude                                path
basedpyright **                                     loose
ty src **                                           loose
ty overrides include                                path
pyrefly **                                          loose

ruff lint isort **                                  module
ruff isort **                                       module
ruff ** isort ** !                                  module
ruff ** banned_api * !                              module
ruff ** banned_api * msg                            never
ruff ** banned_module_level_imports                 module
ruff ** exempt_modules                              module
ruff ** runtime_evaluated_base_classes              module
ruff ** runtime_evaluated_decorators                module
ruff ** immutable_calls                             module
ruff ** extend_immutable_calls                      module
ruff ** logger_objects                              module
ruff ** known_**                                    module
ruff ** per_file_ignores * !                        path
ruff ** extend_per_file_ignores * !                 path
ruff src                                            path
ruff include                                        path
ruff extend_include                                 path
ruff ** exclude                                     path
ruff ** extend_exclude                              path
ruff **                                             loose
isort known_**                                      module
isort default_section                               never
isort forced_separate                               module
isort src_paths                                     path
isort skip                                          path
isort extend_skip                                   path
isort skip_glob                                     path
isort extend_skip_glob                              path
isort **                                            loose
black include                                       path
black exclude                                       path
black extend_exclude                                path
black force_exclude                                 path
black **                                            loose
yapf **                                             loose
flake8 application_import_names                     module
flake8 application_package_names                    module
flake8 known_**                                     module
flake8 local_plugins **                             unknown
flake8:local_plugins extension                      entries
flake8:local_plugins report                         entries
flake8 per_file_ignores                             path
flake8 exclude                                      path
flake8 extend_exclude                               path
flake8 filename                                     path
flake8 **                                           loose
pycodestyle exclude                                 path
pycodestyle **                                      loose
pydocstyle **                                       loose
pylint ** load_plugins                              module
pylint ** ignored_modules                           module
pylint ** ignored_classes                           module
pylint ** extension_pkg_**                          module
pylint ** known_first_party                         module
pylint ** known_third_party                         module
pylint ** init_hook                                 command
pylint ** ignore                                    path
pylint ** ignore_paths                              path
pylint ** source_roots                              path
pylint **                                           loose
bandit exclude                                      path
bandit exclude_dirs                                 path
bandit targets                                      path
bandit **                                           loose
vulture paths                                       path
vulture exclude                                     path
vulture **                                          loose
interrogate exclude                                 path
interrogate **                                      loose
codespell skip                                      path
codespell **                                        loose
check_manifest **                                   loose
check_wheel_contents toplevel                       module
check_wheel_contents package                        path
check_wheel_contents package_omit                   path
importlinter root_package                           module
importlinter root_packages                          module
importlinter ** name                                never
importlinter ** id                                  never
importlinter ** type                                never
importlinter **                                     module
importlinter:** name                                never
importlinter:** type                                never
importlinter:** **                                  module
deptry known_first_party                            module
deptry **                                           loose
tach modules path                                   module
towncrier package                                   module
towncrier package_dir                               path
towncrier name                                      never
towncrier directory                                 path
towncrier filename                                  path
towncrier **                                        loose
bumpversion file filename                           path
bumpversion files filename                          path
bumpversion:file:** !                               path
bumpversion:glob:** !                               path
bumpversion **                                      unknown
bumpver file_patterns * !                           path
bumpver file_patterns *                             never
commitizen version_files                            path
commitizen version_provider                         module
semantic_release version_variables                  path
semantic_release version_variable                   path
semantic_release version_toml                       path
semantic_release **                                 command
tbump file src                                      path
versioneer versionfile_source                       path
versioneer versionfile_build                        path
versioneer **                                       never
versioningit write file                             path
versioningit ** method module                       module
versioningit ** method                              module
briefcase app * sources                             path
briefcase **                                        never
briefcase ** !                                      never
poe tasks **                                        command
poe ** !                                            never
taskipy tasks *                                     command
taskipy ** !                                        never
tox legacy_tox_ini                                  ini
tox env ** commands                                 command
tox env_run_base commands                           command
tox env_run_base set_env *                          command
tox ** deps                                         never
cython **                                           loose
doit commands **                                    module
doit plugins **                                     module
sphinx_gallery **                                   loose
nbqa **                                             loose
pyinstaller **                                      unknown

metadata version                                    marked
metadata long_description                           marked
metadata description                                marked
metadata license_file                               path
metadata license_files                              path
metadata **                                         never
options packages                                    module
options py_modules                                  module
options package_dir                                 path
options namespace_packages                          module
options cmdclass                                    entries
options scripts                                     path
options install_requires                            never
options tests_require                               never
options setup_requires                              never
options test_suite                                  module
options **                                          never
options.packages.find where                         path
options.packages.find *                             module
options.package_data *                              path
options.package_data * !                            module
options.exclude_package_data *                      path
options.exclude_package_data * !                    module
options.data_files **                               path
options.data_files * !                              path
options.entry_points *                              entries
options.entry_points * !                            group
options.extras_require **                           never
options.extras_require ** !                         never
entry_points *                                      entries
entry_points * !                                    group
files packages                                      module
files modules                                       module
files **                                            path
global setup_hooks                                  module
pbr **                                              unknown
aliases **                                          command
compile_catalog domain                              unknown
compile_catalog **                                  loose
extract_messages **                                 loose
init_catalog **                                     loose
update_catalog **                                   loose
build_sphinx **                                     loose
upload_docs **                                      loose
build_ext **                                        loose
nosetests cover_package                             module
nosetests tests                                     path
nosetests **                                        unknown
egg_info **                                         never
bdist_wheel **                                      never
tox **                                              unknown
testenv commands                                    command
testenv commands_pre                                command
testenv commands_post                               command
testenv deps                                        never
testenv extras                                      never
testenv setenv                                      command
testenv set_env                                     command
testenv allowlist_externals                         never
testenv description                                 never
testenv changedir                                   path
testenv change_dir                                  path
testenv:** commands                                 command
testenv:** commands_pre                             command
testenv:** commands_post                            command
testenv:** deps                                     never
testenv:** extras                                   never
testenv:** setenv                                   command
testenv:** set_env                                  command
testenv:** description                              never
testenv:** changedir                                path
testenv:** change_dir                               path
"""
_SHIFTED = {
    ".coveragerc": ("coverage",),
    ".pylintrc": ("pylint",),
    "pylintrc": ("pylint",),
    "pyrightconfig.json": ("pyright",),
    "ruff.toml": ("ruff",),
    ".ruff.toml": ("ruff",),
    "hatch.toml": ("hatch",),
    "uv.toml": ("uv",),
    "tbump.toml": ("tbump",),
}
_SPLIT = ("coverage", "pylint", "importlinter")


def known(name: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the path of a value in the table's spelling; ``name`` is the file's last part."""
    plain = tuple(key.lower().replace("-", "_") for key in keys)
    if plain[:1] == ("tool",):
        plain = plain[1:]
    else:
        section = plain[0].removeprefix("tool:")
        first, _, rest = section.replace("pylint.", "pylint:").partition(":")
        plain = (first, rest, *plain[1:]) if first in _SPLIT and rest else (section, *plain[1:])
    plain = (*_SHIFTED.get(name, ()), *plain)
    if plain[:2] == ("pytest", "ini_options"):
        plain = ("pytest", *plain[2:])
    return ("isort", *plain[1:]) if name == ".isort.cfg" else plain


@lru_cache(4096)
def kind(path: tuple[str, ...], role: str) -> str:
    """Return the kind of a value, or of a key itself."""
    for pattern, found in _rows(role == "key"):
        if _fits(pattern, path):
            return found
    return "unknown"


@cache
def _rows(keys: bool) -> tuple[tuple[tuple[str, ...], str], ...]:
    rows = (line.split() for line in _TABLE.splitlines() if line.strip())
    return tuple(
        (tuple(part for part in row[:-1] if part != "!"), row[-1])
        for row in rows
        if (row[-2] == "!") is keys
    )


def _fits(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if not pattern or not path:
        return not path and all(part == "**" for part in pattern)
    if pattern[0] == "**":
        return any(_fits(pattern[1:], path[n:]) for n in range(len(path) + 1))
    if pattern[0].endswith("**"):
        return path[0].startswith(pattern[0][:-2]) and _fits(pattern[1:], path[1:])
    return pattern[0] in ("*", path[0]) and _fits(pattern[1:], path[1:])
