"""``truerisk demo``: simulate, train, decide, train again, measure, for 120,000 applications.

The revisions train other models, so only what the simulator alone decides is the same.
"""

import json
import re
from pathlib import Path
from typing import Any

from command import truerisk


def prepare(folder: Path, seed: int, scale: float) -> None:
    asked = ["--seed", str(seed), "--applications", str(int(120_000 * scale))]
    (folder / "asked.json").write_text(json.dumps(asked))


def work(folder: Path) -> dict[str, Any]:
    asked = json.loads((folder / "asked.json").read_text())
    said = truerisk("demo", "--yes", *asked, "--lake", str(folder / "demo" / "lake"))
    [applied] = re.findall(r"([\d,]+) applied", said)
    [truth] = re.findall(r"^default rate .* ([\d.]+)%$", said, re.M)
    return {"applied": int(applied.replace(",", "")), "true default rate, %": float(truth)}
