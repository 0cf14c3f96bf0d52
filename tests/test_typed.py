"""py.typed tells the truth: a type checker knows the public verbs, and reports a wrong call."""

import ast
import re
from pathlib import Path

import pytest
from mypy import api

import truerisk as tr
from truerisk.lake.home import repository

SCRIPT = """
import pandas as pd
import truerisk as tr

problem = tr.load_problem("credit.toml")
lake = tr.open_lake()
dataset = tr.build_dataset(problem, "2026-06-30", lake)
fitted = tr.fit(problem, dataset, "boosting")
batch = tr.plan_batch(lake, problem, fitted.name)
log = tr.decision_log(lake, problem, pd.Timestamp("2026-06-30", tz="UTC"))
estimates = tr.measure(log)
rate = estimates["value"].mean()
model: int = tr.load_problem("credit.toml")  # wrong
tr.load_problem(5)  # wrong
tr.open_lake(colour="red")  # wrong
tr.build_dataset(problem)  # wrong
tr.fit(problem, "boosting", dataset)  # wrong
tr.train(problem)  # wrong
dataset.rows_of_nothing  # wrong
"""


def test_what_a_type_checker_sees_is_what_there_is() -> None:
    tree = ast.parse(Path(tr.__file__).read_text())
    seen = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("truerisk"):
            for name in node.names:
                assert name.asname, "without `as`, a checker takes the name for a private one"
                seen[name.asname] = f"{node.module}:{name.name}"
    assert seen.pop("worth") == "truerisk.measurement:worth"
    assert seen == {name: place for name, place in tr.PUBLIC.items() if name != "worth"}
    assert (Path(tr.__file__).parent / "py.typed").exists()


@pytest.mark.slow
def test_a_wrong_call_in_a_users_script_is_reported(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    config = repository() / "setup.cfg"
    said, failed, _ = api.run(["--config-file", str(config), "--no-error-summary", str(script)])
    assert failed == "", failed
    found = sorted({int(n) for n in re.findall(r"script\.py:(\d+): error", said)})
    wrong = [i for i, line in enumerate(SCRIPT.splitlines(), 1) if line.endswith("# wrong")]
    assert found == wrong, said
