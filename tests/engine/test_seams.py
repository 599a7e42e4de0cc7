"""One test for each attribute of doit that we lean on and that doit does not promise.

When a new doit renames one of them, it fails here, by name, and not in somebody's run.
"""

from __future__ import annotations

import inspect
import re
from importlib.metadata import version

import pytest
from doit import cmd_base, control, dependency, loader, reporter, runner, task
from doit.cmd_clean import Clean
from doit.cmd_completion import TabCompletion
from doit.cmd_forget import Forget
from doit.cmd_help import Help
from doit.cmd_ignore import Ignore
from doit.cmd_info import Info
from doit.cmd_list import List
from doit.cmd_resetdep import ResetDep
from doit.cmd_run import Run
from doit.doit_cmd import DoitMain
from doit.exceptions import InvalidCommand, InvalidDodoFile, TaskFailed
from doit.plugin import PluginDict, PluginEntry

from sealwright.engine.commands import TABLE


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_the_version_is_one_that_these_tests_were_written_for():
    assert re.match(r"0\.(37|38)\.", version("doit"))


def test_a_command_makes_its_manager_only_if_it_has_none():
    source = inspect.getsource(cmd_base.DoitCmdBase.execute)
    assert "if self.dep_manager is None:" in source
    assert source.index("self.loader.setup(params)") < source.index("if self.dep_manager is None:")


@pytest.mark.parametrize("name", ["task_list", "sel_tasks", "sel_default_tasks"])
def test_execute_sets(name):
    text = inspect.getsource(cmd_base.DoitCmdBase)
    assert f"self.{name} = " in text


def test_execute_looks_at_the_names_of_the_parameters_of_the_command():
    assert "inspect.signature(self._execute)" in inspect.getsource(cmd_base.DoitCmdBase.execute)


STOCK = {
    Run: ["outfile", "verbosity", "always", "continue_", "reporter", "num_process", "par_type",
          "single", "auto_delayed_regex", "force_verbosity", "failure_verbosity", "pdb"],
    List: ["subtasks", "quiet", "status", "private", "list_deps", "template", "sort", "pos_args"],
    Info: ["pos_args", "hide_status"],
    Forget: ["forget_sub", "forget_disable_default", "forget_all"],
    Clean: ["dryrun", "cleandep", "cleanall", "cleanforget", "pos_args"],
    Ignore: ["pos_args"],
    ResetDep: ["pos_args"],
}  # fmt: skip


@pytest.mark.parametrize("command", STOCK, ids=lambda command: command.__name__)
def test_the_stock_command_takes_what_we_hand_on(command):
    assert parameters(command._execute)[1:] == STOCK[command]


@pytest.mark.parametrize(
    "name",
    ["get_status", "save_success", "remove_success", "get_values", "status_is_ignore", "close"],
)
def test_the_manager_is_asked_through(name):
    assert callable(getattr(dependency.Dependency, name))


def test_the_manager_binds_its_backend_when_it_is_made():
    text = inspect.getsource(dependency.Dependency.__init__)
    for name in ("_set", "_get", "remove", "remove_all", "_in", "name", "backend", "checker"):
        assert f"self.{name} = " in text, name


def test_a_status_has_what_we_fill_in():
    status = dependency.DependencyStatus(True)
    assert {"status", "reasons", "error_reason"} <= vars(status).keys()
    assert status.reasons["changed_file_dep"] == []


@pytest.mark.parametrize(
    "name", ["run_tasks", "select_task", "execute_task", "process_task_result", "run_all"]
)
def test_the_runner_calls(name):
    assert callable(getattr(runner.Runner, name))


def test_the_runner_is_made_as_we_make_it():
    assert parameters(runner.Runner.__init__)[1:] == [
        "dep_manager", "reporter", "continue_", "always_execute", "stream",
    ]  # fmt: skip
    text = inspect.getsource(runner.Runner)
    assert all(f"self.{name}" in text for name in ("final_result", "_stop_running"))


def test_the_dispatcher_yields_nodes_and_takes_them_back():
    plain = task.Task("a", None)
    graph = control.TaskControl([plain])
    graph.process(None)
    dispatcher = graph.task_dispatcher()
    node = dispatcher.generator.send(None)
    assert (node.task, node.run_status, node.bad_deps) == (plain, None, [])
    node.run_status = "successful"
    with pytest.raises(StopIteration):
        dispatcher.generator.send(node)


def test_the_dispatcher_says_hold_on_while_it_waits_and_takes_nothing_for_an_answer():
    first, second = task.Task("a", None), task.Task("b", None, task_dep=["a"])
    graph = control.TaskControl([first, second])
    graph.process(None)
    generator = graph.task_dispatcher().generator
    node = generator.send(None)
    assert node.task is first
    node.run_status = "run"
    assert generator.send(None) == "hold on"
    node.run_status = "successful"
    assert generator.send(node).task is second


def test_a_command_loads_its_tasks_through_its_loader_and_knows_the_names_by_then():
    source = inspect.getsource(cmd_base.DoitCmdBase.execute)
    loading = source.index("self.task_list = self.loader.load_tasks(cmd=self, pos_args=args)")
    assert source.index("self.sel_tasks = args or params.get('default_tasks')") < loading
    assert "self.loader = task_loader" in inspect.getsource(cmd_base.DoitCmdBase.__init__)


def test_an_object_may_create_tasks_and_a_function_does_by_its_name():
    class Creator:
        def create_doit_tasks(self):
            yield task.Task("made", None)

    def task_other():
        return {"actions": None}

    names = {"any_name": Creator(), "task_other": task_other, "tasks": 1}
    assert {made.name for made in loader.load_tasks(names)} == {"made", "other"}


def test_a_creator_may_yield_tasks():
    made = task.Task("anything:at-all", None)
    assert loader.generate_tasks("creator", (t for t in [made])) == [made]


def test_a_task_carries_what_we_hang_on_it():
    made = task.Task("a", None, meta={"sealwright": 1}, has_subtask=True, subtask_of="b")
    assert (made.meta, made.has_subtask, made.subtask_of, made.task_dep) == (
        {"sealwright": 1}, True, "b", [],
    )  # fmt: skip


def test_the_reporter_is_told_through():
    names = ("initialize", "get_status", "execute_task", "add_failure", "add_success",
             "skip_uptodate", "skip_ignore", "cleanup_error", "runtime_error", "teardown_task",
             "complete_run")  # fmt: skip
    assert all(callable(getattr(reporter.ConsoleReporter, name)) for name in names)


def test_doit_loads_a_file_into_a_namespace():
    assert parameters(loader.get_module) == ["dodo_file", "cwd", "seek_parent"]
    text = inspect.getsource(cmd_base.DodoTaskLoader)
    assert "self.namespace" in text and "opt_values" in text


def test_a_command_line_parser_tells_its_options():
    parser = Run(task_loader=cmd_base.DodoTaskLoader(), cmds={}).cmdparser
    assert parser.get_short() and parser.get_long()


def test_a_configured_command_replaces_doits_own():
    found = PluginDict({"run": Run})
    found.add_plugins({"COMMAND": {"run": TABLE["run"]}}, "COMMAND")
    assert found.get_plugin("run").__module__ == "sealwright.engine.commands.run"


def test_the_main_program_asks_for_its_commands():
    assert callable(DoitMain.get_cmds)
    assert {Help, TabCompletion} <= set(DoitMain.DOIT_CMDS)
    assert PluginEntry("COMMAND", "run", TABLE["run"]).get().__name__ == "Run"


def test_errors_are_told_in_prose_by_class():
    text = inspect.getsource(DoitMain.run)
    assert "InvalidDodoFile" in text and "InvalidCommand" in text
    assert issubclass(InvalidDodoFile, Exception) and issubclass(InvalidCommand, Exception)
    assert TaskFailed("x").get_msg()
