"""``truerisk --help``: how long a person waits for a command that computes nothing."""

from pathlib import Path
from typing import Any

from command import truerisk

VERBS = ("demo", "train", "score", "measure", "models", "report", "approve", "decisions")


def prepare(folder: Path, seed: int, scale: float) -> None:
    """Nothing is read."""


def work(folder: Path) -> dict[str, Any]:
    said = truerisk("--help")
    return {"verbs": " ".join(verb for verb in VERBS if verb in said)}
