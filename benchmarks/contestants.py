"""Contestants: each in its own process and, where it needs one, in an environment of its own."""

import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent / "contest"
ENVIRONMENTS = HERE.parents[1] / ".truerisk" / "benchmarks"
PINNED = {
    "polars": ["polars==2.1.0", "numpy==2.4.6"],
    "feast": ["feast[duckdb]==0.67.0"],
    # It imports statsmodels and does not ask for it.
    "nannyml": ["nannyml==0.13.1", "statsmodels==0.15.0", "pandas==3.1.1", "numpy==2.4.6"],
    # It imports what pandas 3 no longer has, and does not say so.
    "uplift": [
        *("causalml==0.18.0", "scikit-uplift==0.5.1", "catboost==1.2.10", "lightgbm==4.7.0"),
        *("scikit-learn==1.9.1", "pandas==3.1.1", "numpy==2.4.6", "pyarrow==26.0.1"),
    ],
    "evidently": ["evidently==0.7.23", "pandas==2.3.3", "numpy==2.4.6"],
}


@dataclass(frozen=True)
class Contestant:
    """``module.function`` of contest/, in the environment ``needs`` or in this one."""

    label: str
    module: str
    function: str
    needs: str = ""


def measured(contestant: Contestant, full: Path, tiny: Path) -> dict[str, Any]:
    """What measure.py says of one run."""
    words = [HERE / "measure.py", contestant.module, contestant.function, full, tiny]
    return json.loads(python(words, contestant.needs).splitlines()[-1])


def python(words: list[Any], needs: str = "") -> str:
    """What a script of contest/ prints; its failure ends the benchmark."""
    done = subprocess.run(
        [_interpreter(needs), *map(str, words)], capture_output=True, text=True, cwd=HERE
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))} failed:\n{done.stderr}")
    return done.stdout


def _interpreter(needs: str) -> str:
    """This Python, or that of an environment made for one contestant."""
    if not needs:
        return sys.executable
    path = ENVIRONMENTS / needs / "bin" / "python"
    if not path.exists():
        venv.create(ENVIRONMENTS / needs, with_pip=True)
        pip = [path, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, *PINNED[needs]], check=True)
    return str(path)
