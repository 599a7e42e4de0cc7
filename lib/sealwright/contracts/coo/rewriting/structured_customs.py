"""What keys of YAML and JSON hold by custom, where no table knows the file.

>>> kind(("jobs", "test", "steps", "run")), kind(("repos", "hooks", "files")), kind(("a", "b"))
('command', 'path', 'unknown')
"""

from __future__ import annotations

_CUSTOMS = {
    "command": """
        after_script after_success args before_install before_script build_command build_script
        cibw_before_build cibw_test_command cmd command commands entry entrypoint install
        post_build post_install pre_build pre_install run script scripts shell test_command
        test_script toxenv
    """,
    "path": """
        directory exclude exclude_paths excludes extend_exclude file filename files globs ignore
        include includes path paths paths_ignore source_dir src watch working_directory
    """,
    "never": """
        about author authors body dependencies description homepage id if image key keywords label
        labels license message name needs org owner project repo repository requirements slug
        summary tags team title topics url user uses
    """,
}
_KINDS = {key: kind for kind, keys in _CUSTOMS.items() for key in keys.split()}
_NEVER = ("repository", "_repo", "_url", "_name")


def kind(keys: tuple[str, ...]) -> str:
    """Return the kind of the value that ``keys`` lead to."""
    *above, last = [key.lower().replace("-", "_") for key in keys] or [""]
    if last in _KINDS:
        return _KINDS[last]
    if last.endswith(_NEVER):
        return "never"
    return "command" if above[-1:] == ["scripts"] else "unknown"
