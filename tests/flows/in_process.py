"""A command with its flow in this process: the same steps and words, without Metaflow's tasks.

Starting a flow costs seconds and each of its tasks one more. Here the functions of ``flows/*.py``
run one after the other, as Metaflow would call them; what the scheduler, the processes and the
stored artifacts add is for the tests that start real runs.
"""

import contextlib
import importlib.util
import inspect
import io
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import pytest

from truerisk import cli
from truerisk.lake.home import repository
from truerisk.lake.lake import Lake
from truerisk.problem.load import as_config
from truerisk.problem.spec import Problem
from truerisk.running import launch

OWN = ("flow", "pinned", "artifacts", "input", "following", "splits")
Run = subprocess.CompletedProcess[str]

_runs = itertools.count(1)


@cache
def flow_of(verb: str) -> type:
    file = repository() / "flows" / f"{verb}.py"
    spec = importlib.util.spec_from_file_location(f"flow_{verb}", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, f"{verb.capitalize()}Flow")


class Task:
    """What a step calls ``self``: its artifacts, and where it goes on."""

    def __init__(
        self,
        flow: type,
        pinned: Mapping[str, Any],
        artifacts: Mapping[str, Any] = MappingProxyType({}),
        input: Any = None,
    ) -> None:
        self.flow, self.pinned, self.artifacts, self.input = flow, pinned, dict(artifacts), input

    def __getattr__(self, name: str) -> Any:
        for held in (self.__dict__["artifacts"], self.__dict__["pinned"]):
            if name in held:
                return held[name]
        found = inspect.getattr_static(self.__dict__["flow"], name)
        return found.__get__(self)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in OWN:
            self.__dict__[name] = value
        elif name != "run":  # which begin() takes from Metaflow
            self.artifacts[name] = value

    def next(self, following: Any, foreach: str = "") -> None:
        self.following = following.__name__
        self.splits = self.artifacts[foreach] if foreach else None

    def merge_artifacts(self, tasks: list["Task"], exclude: list[str]) -> None:
        for task in tasks:
            for name, value in task.artifacts.items():
                if name not in exclude:
                    assert self.artifacts.setdefault(name, value) is value, f"{name} differs"


def walk(
    verb: str,
    problem: Problem,
    lake: Lake,
    on_step: Callable[[str], None] = lambda step: None,
    **parameters: str,
) -> list[str]:
    """Run the steps of a flow as ``launch`` does; what the last one says, line by line."""
    flow = flow_of(verb)
    from truerisk.flow import Parameter  # names the user, which Metaflow reads at its first import

    own = {name for name, value in vars(flow).items() if isinstance(value, Parameter)}
    given = dict.fromkeys(own, "") | parameters
    config = json.loads(json.dumps(as_config(problem)))
    run = f"{flow.__name__}/{next(_runs)}"
    pinned = {**given, "lake_root": lake.root, "config": config, "run": run}
    step, tasks = "start", [Task(flow, pinned)]
    while True:
        on_step(step)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            if len(inspect.signature(getattr(flow, step)).parameters) == 2:  # a join
                before, tasks = tasks, [Task(flow, pinned)]
                getattr(tasks[0], step)(before)
            else:
                for task in tasks:
                    getattr(task, step)()
        if step == "end":
            return said.getvalue().splitlines()
        step = tasks[0].following
        if tasks[0].splits is not None:
            [before] = tasks
            tasks = [Task(flow, pinned, before.artifacts, value) for value in before.splits]
        else:
            tasks = [Task(flow, pinned, task.artifacts, task.input) for task in tasks]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Run the truerisk command in this process, with the flows that it starts."""
    for name in ("TRUERISK_LAKE", "METAFLOW_DATASTORE_SYSROOT_LOCAL"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str, env: Mapping[str, str] = {}, cwd: Any = None) -> Run:
        out, err = io.StringIO(), io.StringIO()
        code = 0
        with monkeypatch.context() as here:
            here.setattr(launch, "launch", walk)
            here.setattr(sys, "argv", ["truerisk", *words])
            for name, value in env.items():
                here.setenv(name, value)
            if cwd is not None:
                here.chdir(cwd)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    cli.main()
                except SystemExit as ended:
                    code = int(ended.code or 0)
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    return run
