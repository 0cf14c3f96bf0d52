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
dataset = tr.build_dataset(problem, lake, "2026-06-30")
fitted = tr.fit(problem, dataset, "boosting")
batch = tr.plan_batch(problem, lake, fitted.name)
at = pd.Timestamp("2026-06-30", tz="UTC")
log = tr.decision_log(problem, lake, at)
estimates = tr.measure(log, ["income"], by=["region"], flagging=tr.Flagging(shares=[0.1]))
rate = estimates["value"].mean()
changes = tr.Changes(policies={"new": pd.DataFrame()}, rivals={"new": log["score"]})
tr.measure("log.parquet", changes=changes, reading=tr.Reading(cluster=["device"]))
rates = tr.vintages(log, "180d", at, unit="quarter")
weeks = tr.watch(log, {"auc": (0.7, 0.8), "event_rate": 0.1}, start=at)
groups = tr.fairness(log, "region", reference="north")
moved = tr.drift(log, log, ["income"], score=None)
curve = tr.worth.review_curve(log, capacity_per_day=20)
stakes = tr.worth.action_values(log)
price = tr.worth.shadow_price(stakes, 20)
ranked = tr.uplift.qini(log, {"effect": log["effect"]}, against="effect")
who = tr.registry.champion(problem.name, lake) or "nobody"
row = tr.online.features_for(problem, {"customer_id": "C17"}, at)
model: int = tr.load_problem("credit.toml")  # wrong
tr.load_problem(5)  # wrong
tr.open_lake(colour="red")  # wrong
tr.build_dataset(problem, lake)  # wrong
tr.fit(problem, "boosting", dataset)  # wrong
tr.train(problem)  # wrong
dataset.rows_of_nothing  # wrong
tr.measure(log, shares=[0.1])  # wrong
tr.measure(log, flagging={"shares": [0.1]})  # wrong
tr.measure(log, flagging=tr.Changes())  # wrong
tr.Flagging([0.1])  # wrong
tr.Flagging(shares=0.1)  # wrong
tr.Flagging(share=[0.1])  # wrong
tr.Changes(policies=pd.DataFrame())  # wrong
tr.Reading(same_outcome=["review", "pass"])  # wrong
tr.Flagging().shares = [0.2]  # wrong
tr.vintages(log, "180d")  # wrong
tr.watch(log, {"auc": "high"})  # wrong
tr.fairness(log)  # wrong
tr.drift(log, log, "income", least="0.02")  # wrong
tr.worth.review_curve(log, capacity="20")  # wrong
tr.worth.shadow_price(stakes)  # wrong
tr.registry.champion(problem)  # wrong
tr.registry.list_models(problem.name, lake).nothing()  # wrong
tr.online.features_for(problem)  # wrong
"""


def test_what_a_type_checker_sees_is_what_there_is() -> None:
    tree = ast.parse(Path(tr.__file__).read_text())
    seen = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("truerisk"):
            for name in node.names:
                assert name.asname, "without `as`, a checker takes the name for a private one"
                seen[name.asname] = f"{node.module}:{name.name}"
    places = {
        name: place.rpartition("." if ":" not in place else ":")
        for name, place in tr.PUBLIC.items()
    }
    assert seen == {name: f"{module}:{own}" for name, (module, _, own) in places.items()}
    assert list(tr.PUBLIC) == sorted(tr.PUBLIC)
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
