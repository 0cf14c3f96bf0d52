"""Run a flow as a command does: quietly, with its progress, its result, or one clear sentence."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from truerisk.errors import FlowFailedError, LakeError, TrueriskError, masked, told
from truerisk.lake.home import RUNS, home, repository
from truerisk.lake.lake import Lake
from truerisk.lake.objects import is_empty
from truerisk.problem.load import as_config
from truerisk.problem.spec import Problem

LINE = re.compile(r"^\S+ \S+ \[(?P<run>\d+)/(?P<step>\w+)/\d+ \(pid \d+\)\] (?P<text>.*)$")
RAISED = re.compile(r"^[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Panic)\b")
START = "Task is starting."
NOISE = (START, "Task finished successfully.", "Foreach yields")


def launch(
    verb: str,
    problem: Problem,
    lake: Lake,
    on_step: Callable[[str], None] = lambda step: None,
    **parameters: str,
) -> list[str]:
    """Run ``flows/<verb>.py`` to its end and return what its last step said.

    ``on_step`` hears every step that starts. Raises TrueriskError with the sentence of a failure
    that is meant for the user, FlowFailedError for any other.
    """
    flow = repository() / "flows" / f"{verb}.py"
    if not flow.exists():
        raise TrueriskError(f"There is no {flow}; install truerisk editable from its repository.")
    options = [f"--{name.replace('_', '-')}={value}" for name, value in parameters.items() if value]
    config = ["--config-value", "problem", json.dumps(as_config(problem))]
    command = [sys.executable, str(flow), "--no-pylint", *config, "run", f"--lake={lake.root}"]
    folder = home(lake.root)
    logs = folder / "logs"
    made = _made(logs)
    said: list[str] = []
    with tempfile.NamedTemporaryFile(
        "w", dir=logs, prefix=f"{problem.name}-{verb}-", suffix=".log", delete=False
    ) as log:
        process = subprocess.Popen(
            [*command, *options],
            env={RUNS: str(folder), **os.environ, "TRUERISK_LAKE": lake.root},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            line = masked(line)
            log.write(line)
            lines.append(line.rstrip())
            found = LINE.match(line)
            if found and found["text"] == START:
                on_step(found["step"])
            elif found and found["step"] == "end" and not found["text"].startswith(NOISE):
                said.append(found["text"])
        code = process.wait()
    if code == 2 and lines:  # a refusal leaves nothing behind, and its sentence says it all
        os.unlink(log.name)
        if made and is_empty(lake.root):  # with what Metaflow kept of the refused run
            shutil.rmtree(made)
        raise TrueriskError(lines[-1])
    if code:
        raise FlowFailedError(
            f"The {verb} flow failed ({_kind(lines)}); {log.name} holds everything it printed."
        )
    return said


def _kind(lines: list[str]) -> str:
    """The name of the last error; what follows it may be somebody's data."""
    said = [found["text"] if (found := LINE.match(line)) else line for line in lines]
    last = next((s for s in reversed(said) if RAISED.match(s)), "without a word")
    return last.partition(":")[0]


def _made(folder: Path) -> Path | None:
    """Make a folder; the outermost that was not there before, None where it was there."""
    new = next((f for f in reversed([folder, *folder.parents]) if not f.exists()), None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LakeError(f"The lake's home {folder} cannot be written ({told(error)}).") from error
    return new
