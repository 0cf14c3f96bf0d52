"""``truerisk models`` on a local lake that holds a few models."""

import re
from pathlib import Path
from typing import Any

import train
from command import truerisk


def prepare(folder: Path, seed: int, scale: float) -> None:
    """The lender of the case ``train``, a twentieth of it: a champion and the next model."""
    train.prepare(folder, seed, scale / 20)
    train.train(*train.opened(folder), train.month(30))


def work(folder: Path) -> dict[str, Any]:
    said = truerisk(
        "models", "--problem", str(folder / "credit.toml"), "--lake", str(folder / "lake")
    )
    return {"models": " ".join(re.findall(r"\b[0-9a-f]{12}\b", said))}
