"""Real processes that race and die: each waits for one starting shot, then works on a lake.

They are forked from a process that has imported what they need: a fresh one would spend a second
of CPU on that. What they run is a function of a module, called with the lake and what is given.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from truerisk.lake.lake import open_lake

NEEDED = [
    "pytest",
    "truerisk.decisions.ledger",
    "truerisk.jobs.decide_batch",
    "truerisk.problem.load",
    "truerisk.registry.approval",
]
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(NEEDED)
PATIENCE = 300  # seconds


def shoot(root: Path | str) -> None:
    """Let all racers on this lake go."""
    Path(root, "start").touch()


class Racer:
    """A process that has opened the lake and waits for the shot."""

    def __init__(self, work: Callable[..., Any], root: Path | str, *given: Any) -> None:
        self._ours, theirs = CONTEXT.Pipe()
        self._process = CONTEXT.Process(target=_race, args=(theirs, work, str(root), given))
        self._process.start()
        theirs.close()
        assert self._said() == "ready"

    def finish(self) -> Any:
        """What its work returned."""
        said = self._said()
        self._process.join(PATIENCE)
        assert self._process.exitcode == 0
        self._ours.close()
        return said

    def is_running(self) -> bool:
        return self._process.exitcode is None

    def kill(self) -> None:
        """Kill it in the midst of its work."""
        self._process.kill()
        self._process.join(PATIENCE)
        assert self._process.exitcode == -signal.SIGKILL
        self._ours.close()

    def _said(self) -> Any:
        assert self._ours.poll(PATIENCE), "the process says nothing"
        return self._ours.recv()


def _race(theirs: Connection, work: Callable[..., Any], root: str, given: tuple[Any, ...]) -> None:
    lake = open_lake(root)
    theirs.send("ready")
    while not Path(root, "start").exists():
        time.sleep(0.001)
    theirs.send(work(lake, *given))
