"""Train the demo's lender at month 30, report included: 120,000 applications, 22 features.

As the demo's: a champion trained at month 18 decides months 19 to 24. Both revisions learn from the
other one's decisions, so that their AUCs are of the same rows. Arguments go by name where their
order was another one.
"""

import shutil
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import truerisk as tr
from truerisk.registry.approval import approve, list_models
from truerisk.simulator import simulate

predictability = tr.predictability  # at 06ebdef a second look finds the package of that name

START = pd.Timestamp("2024-01-01", tz="UTC")
TABLES = {"applications": "application_id", "bureau": "bureau_id", "payments": "payment_id"}
LOWER = 1e-3  # an AUC may be, as the mean of all seeds


def month(number: int) -> str:
    return str(START + pd.DateOffset(months=number))


def prepare(folder: Path, seed: int, scale: float) -> None:
    world = lender(folder, seed, scale)
    problem, lake = opened(folder)
    score(problem, lake)
    follow(problem, lake, world)


def lender(folder: Path, seed: int, scale: float) -> Any:
    """Two simulated years, and a champion of month 18 that has decided nothing yet; the world."""
    repository = Path(tr.__file__).resolve().parents[2]
    shutil.copy(repository / "problems" / "credit.toml", folder)
    problem, lake = opened(folder)
    world = simulate(int(120_000 * scale), 24, seed, f"{START:%Y-%m-%d}")
    for table, key in TABLES.items():
        lake.append(table, getattr(world, table), key)
    old = world.applications["applied_at"] < month(18)
    old &= world.truth["approved_by_old_policy"].to_numpy()
    lake.append("outcomes", world.outcomes(world.truth["application_id"][old]), problem.key)
    approved(problem, lake)
    return world


def score(problem: tr.Problem, lake: tr.Lake) -> tuple[Any, ...]:
    """What the flow does with months 19 to 24: decided, how many are new, batch, scored."""
    both: Any = {"problem": problem, "lake": lake}
    period = {"since": month(18), "until": month(24)}
    batch = tr.plan_batch(**both, model_version=champion(problem, lake), **period)
    scored = [tr.score(**both, batch=batch, shard=shard) for shard in batch.shards]
    decided = tr.decide(problem, scored, batch)
    return decided, tr.commit(**both, decided=decided), batch, scored


def follow(problem: tr.Problem, lake: tr.Lake, world: Any) -> None:
    """The outcomes of whom the champion took, as known at month 30."""
    log = tr.decision_log(problem=problem, lake=lake, known_at=pd.Timestamp(month(30)))
    shown = log.loc[log["action"].isin(problem.revealing), problem.key]
    lake.append("outcomes", world.outcomes(shown), problem.key)


def ready(folder: Path) -> None:
    """The champion is of the revision's own making, as it is in the demo."""
    approved(*opened(folder))


def approved(problem: tr.Problem, lake: tr.Lake) -> None:
    """A champion, trained at month 18."""
    train(problem, lake, month(18))
    both = {"problem": problem.name, "lake": lake}
    made = list_models(**both).iloc[0]
    if made["status"] != "champion":
        approve(
            **both,
            version=made["version"],
            by="benchmark",
            because="the next one needs a champion",
            report_hash=made["report_hash"],
            override=made["gate"] != "passed",
        )


def champion(problem: tr.Problem, lake: tr.Lake) -> str | None:
    models = list_models(problem=problem.name, lake=lake)
    decides = models.loc[models["status"] == "champion", "version"]
    return None if decides.empty else str(decides.iloc[0])


def work(folder: Path) -> dict[str, Any]:
    review = train(*opened(folder), month(30))
    auc = review.estimates[(review.estimates["metric"] == "auc")].set_index(
        ["model", "estimator", "population"]
    )["value"]
    found = {
        f"AUC of {model}, {estimator} of the {population}": float(value)
        for (model, estimator, population), value in auc.items()
        if (estimator, population) in [("naive", "revealed"), ("dr", "eligible")]
        and pd.notna(value)  # withheld where the lender is small
    }
    return found | {"applications judged": review.rows}


def agree(old: Mapping[str, list[Any]], new: Mapping[str, list[Any]]) -> list[str]:
    """A recipe may change the model; it may rank no worse."""
    return [
        f"{name} is lower by {-fallen:.4f}"
        for name in old
        if "AUC" in name
        and None not in [*old[name], *new.get(name, [None])]
        and (fallen := statistics.mean(new[name]) - statistics.mean(old[name])) < -LOWER
    ]


def opened(folder: Path) -> tuple[tr.Problem, tr.Lake]:
    return tr.load_problem(folder / "credit.toml"), tr.open_lake(folder / "lake")


def train(problem: tr.Problem, lake: tr.Lake, known_at: str) -> Any:
    """What the flow's steps do."""
    dataset = tr.build_dataset(problem=problem, known_at=known_at, lake=lake)
    parts = tr.split(problem, dataset)
    fitted = [tr.fit(problem, dataset, name, parts) for name in problem.candidates.chosen]
    review = tr.review(problem, lake, dataset, parts, fitted, champion(problem, lake))
    found = predictability(problem, dataset, parts, fitted, review)
    # An older revision takes what is attached as arguments of their own.
    attached = (
        {"attached": tr.Attachments(found=found)}
        if "Attachments" in tr.__all__
        else {"found": found}
    )
    tr.submit(problem, lake, dataset, parts, fitted, review, **attached)
    return review
