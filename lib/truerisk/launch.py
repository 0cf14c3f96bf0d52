"""Run a flow as a command does: quietly, with its progress, its result, or one clear sentence."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from truerisk.errors import TrueriskError
from truerisk.lake.lake import Lake, home, repository
from truerisk.problem.parse import as_config
from truerisk.problem.spec import Problem

LINE = re.compile(r"^\S+ \S+ \[(?P<run>\d+)/(?P<step>\w+)/\d+ \(pid \d+\)\] (?P<text>.*)$")
START = "Task is starting."
NOISE = (START, "Task finished successfully.", "Foreach yields")


class FlowFailedError(Exception):
    """A flow died of something unforeseen; ``log`` is the file that holds all it printed."""

    def __init__(self, log: Path, tail: str) -> None:
        super().__init__(f"The flow failed; {log} holds everything it printed.\n{tail}")


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
    logs = home() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    with tempfile.NamedTemporaryFile(
        "w", dir=logs, prefix=f"{problem.name}-{verb}-", suffix=".log", delete=False
    ) as log:
        process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            log.write(line)
            lines.append(line.rstrip())
            found = LINE.match(line)
            if found and found["text"] == START:
                on_step(found["step"])
            elif found and found["step"] == "end" and not found["text"].startswith(NOISE):
                said.append(found["text"])
        code = process.wait()
    if code == 2 and lines:
        raise TrueriskError(lines[-1])
    if code:
        raise FlowFailedError(Path(log.name), "\n".join(lines[-15:]))
    return said
