"""The page of decisions whose actions show outcomes of their own: what acting added, for whom."""

import pandas as pd

from truerisk.measurement.best import best
from truerisk.monitoring.monitor import Monitor
from truerisk.problem.spec import Problem
from truerisk.reports.charts.qini import PER, qini_curves
from truerisk.reports.kit.blocks import Block, Bullets, Cell, Figure, Table, Text
from truerisk.reports.kit.estimate_tables import cell
from truerisk.reports.kit.page import Section, page
from truerisk.reports.kit.wording import METRICS
from truerisk.reports.monitor import decided
from truerisk.reports.monitor.contests import contests
from truerisk.reports.monitor.drift import drifted
from truerisk.wording.dollars import NOTHING, dollars
from truerisk.wording.numbers import day, interval, percent, whole

FIGURES = {"incremental_response": "Events added", "incremental_dollars": "Dollars added"}
GAINS = ("policy_gain", "policy_event_gain")
RANKED = ("qini_area_gain", "incremental_response_gain", "incremental_dollars_gain", "auc_gain")
OF_OUTCOME = {"event_rate": "Event rate", "auc": "AUC", "calibration_error": "Event minus score"}


def outcomes_page(
    problem: Problem, monitor: Monitor, policies: pd.DataFrame, curves: pd.DataFrame
) -> str:
    """One model's decisions as known at one instant, as a self-contained page.

    ``policies`` and ``curves`` are rows of tr.uplift, with ``action``.
    """
    instead, estimates, log = list(problem.outcomes)[-1], monitor.estimates, monitor.log
    by = f" Approved by {monitor.approved}." if monitor.approved else ""
    return page(
        f"{problem.name}: what model {monitor.version} decided, and what it added",
        f"{problem.description} Known as of {day(monitor.known_at)}.{by}",
        lambda: [
            Text(added(policies, instead)),
            *(Text(doubt, "warning") for doubt in monitor.doubts),
        ],
        [
            Section(f"Beside “{instead}” for all", lambda: beside_none(policies, instead, "ran")),
            *_compared(problem, monitor),
            Section("Whom the scores put first", lambda: who_first(curves)),
            Section("Each outcome by itself", lambda: _each(estimates)),
            Section("Month by month", lambda: _groups(problem, monitor, ["vintage"])),
            Section("Exploration", lambda: decided.exploration(problem, log)),
            Section("Drift", lambda: drifted(monitor)),
            Section("Segments", lambda: _segments(problem, monitor), folded=True),
            Section("What was decided", lambda: decided.decisions(problem, log), folded=True),
            *(
                []
                if isinstance(monitor.contested, str)
                else [Section("Contests", lambda: contests(monitor))]
            ),
            Section("How this was measured", lambda: [Bullets(_how(instead))], folded=True),
        ],
    )


def _compared(problem: Problem, monitor: Monitor) -> list[Section]:
    """The model that was asked for beside the one that decided, on subjects new to both."""
    if not monitor.compared:
        return []
    rows = monitor.overall[monitor.overall["policy"].eq(monitor.compared)]
    n = whole(int(rows["n"].astype(float).max()))
    said = (
        f"Had {monitor.compared} decided: paired differences to what ran, on {n} mature decisions "
        "of subjects that neither model was fitted on. “As many” are as many as were acted on."
    )
    blocks: list[Block] = [Text(said), Table(paired_table(problem, rows))]
    return [Section(f"Compared with {monitor.compared}", lambda: blocks)]


def _segments(problem: Problem, monitor: Monitor) -> list[Block]:
    columns = [c for c in monitor.estimates["group_by"].unique() if c not in ("", "vintage")]
    own = [str(c) for c in columns if c != "subject"]
    return _groups(problem, monitor, own) or [Text("The problem file names no segments.")]


def _groups(problem: Problem, monitor: Monitor, columns: list[str]) -> list[Block]:
    """Each outcome, and the dollars of what ran, in every group of some columns."""
    return [
        Table(outcomes_by_group(problem, rows, column))
        for column in columns
        if len(rows := monitor.estimates[monitor.estimates["group_by"].eq(column)])
    ]


def outcomes_by_group(problem: Problem, rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """A row for each group of measure()'s rows by one column, every outcome beside the others."""
    found = []
    for group, own in rows.groupby("group", sort=False):
        row: dict[str, object] = {column: str(group)}
        row["Applications"] = whole(int(own["n"].astype(float).max()))
        for outcome in problem.outcomes:
            mine = own[own["action"].eq(outcome)].assign(group_by="")
            for metric, label in OF_OUTCOME.items():
                row[f"{label}\nafter “{outcome}”"] = cell(best(mine, metric))
        earned = own[own["metric"].eq("policy_value") & own["policy"].eq("as run")]
        if len(earned):
            ran = best(earned.assign(group_by=""), "policy_value")
            row["Dollars,\nan application"] = cell(ran)
        found.append(row)
    return pd.DataFrame(found)


def paired_table(problem: Problem, estimates: pd.DataFrame) -> pd.DataFrame:
    """A row for each paired figure: dollars and events of the policies, then of each outcome."""
    rows = [_paired("the policy", metric, best(estimates, metric)) for metric in GAINS]
    for outcome in problem.outcomes:
        mine = estimates[estimates["action"].eq(outcome) & estimates["policy"].ne("as run")]
        for metric in RANKED:
            found = mine[mine["metric"].eq(metric)]
            if len(found):
                row = best(mine, metric) if metric == "auc_gain" else found.iloc[0]
                rows.append(_paired(f"“{outcome}”", metric, row))
    return pd.DataFrame(rows)


def _paired(about: str, metric: str, row: pd.Series) -> dict[str, object]:
    at = row.get("at")
    many = NOTHING if metric.startswith(("auc", "qini")) else cell_of(row)
    return {
        "About": about,
        "Difference": METRICS[metric] + ("" if at is None or pd.isna(at) else f", {at}"),
        "An application": cell(row),
        "For 1,000": many,
    }


def added(policies: pd.DataFrame, instead: str) -> str:
    """What the policy that ran added, in a sentence."""
    ran = policies[policies["policy"].eq("what ran") & policies["population"].eq("all")]
    row = ran[ran["figure"] == "incremental_dollars"].iloc[0]
    if pd.isna(row["value"]):
        return f"What ran cannot be valued beside “{instead}” for all: {row['status']}."
    value, ends = dollars(PER * float(row["value"])), _ends(row, dollars)
    return (
        f"What ran added {value} for 1,000 applications beside “{instead}” for all ({ends}, 95%)."
    )


def beside_none(policies: pd.DataFrame, instead: str, many: str) -> list[Block]:
    """What each policy adds; “highest response” acts on as many as ``many`` says."""
    rows = []
    everyone = policies[policies["population"] == "all"]
    for policy, own in everyone.groupby("policy", sort=False):
        by = {str(row["figure"]): row for _, row in own.iterrows()}
        row: dict[str, object] = {
            "Policy": str(policy),
            "Acted on": percent(float(own["share"].iloc[0])),
        }
        for figure, label in FIGURES.items():
            form = dollars if "dollars" in figure else _events
            row[f"{label}\nfor 1,000 applications"] = cell_of(by[figure], form)
        row["Not identified"] = percent(float(own["share_not_identified"].iloc[0]))
        rows.append(row)
    return [
        Text(
            f"What each policy adds to “{instead}” for everyone. “Highest response” acts on as "
            f"many as {many}, those likeliest to have the event after the action: what decides "
            "must beat it. Where somebody had no chance of one of the two actions, nobody can know "
            "what it would have done: the bounds hold every possibility."
        ),
        Table(pd.DataFrame(rows)),
    ]


def who_first(curves: pd.DataFrame) -> list[Block]:
    """Qini curves, or why there are none."""
    if "action" in curves:
        found = [who_first(own.drop(columns="action")) for _, own in curves.groupby("action")]
        names = list(curves["action"].unique())
        if len(names) == 1:
            return found[0]
        return [b for a, own in zip(names, found) for b in (Text(f"By “{a}”."), *own)]
    shown = curves[curves["figure"].eq("qini") & curves["value"].notna()]
    if shown.empty:
        return [Text(f"No curve: {curves['status'].iloc[0]}.")]
    left = float(curves["share_not_identified"].iloc[0])
    note = (
        f"Of {whole(int(curves['n'].iloc[0]))} applications with a chance of both actions; "
        f"{percent(left)} had none."
        if left
        else f"Of all {whole(int(curves['n'].iloc[0]))} applications."
    )
    return [
        Text("Events that acting on the highest scores adds beyond acting on as many at random."),
        Figure("Qini curves with 95% bands", qini_curves(shown), f"{note} A band holds at once."),
    ]


def by_share(curves: pd.DataFrame, score: str) -> list[Block]:
    """What acting on the highest of a score adds, share by share: where it stops paying."""
    own = curves[curves["score"].eq(score) & curves["figure"].isin(list(FIGURES))]
    own = own[own["share"].notna()]
    shown = own["share"].astype(float).mul(10).round(6).mod(1).eq(0)
    rows: list[dict[str, object]] = []
    for (action, _), some in own[shown].groupby(["action", "share"], sort=False):
        share = float(some["share"].iloc[0])
        row: dict[str, object] = {"Action": f"“{action}”", "Acted on": percent(share)}
        by = {str(r["figure"]): r for _, r in some.iterrows()}
        for figure, label in FIGURES.items():
            if figure in by:
                form = dollars if "dollars" in figure else _events
                row[f"{label}\nfor 1,000 applications"] = cell_of(by[figure], form)
        rows.append(row)
    return [
        Text(
            "What acting on the highest scores adds, each share by itself. By the dollars one "
            "stops where more would add less; the policy stops person by person."
        ),
        Table(pd.DataFrame(rows)),
    ]


def _each(estimates: pd.DataFrame) -> list[Block]:
    whole_log = estimates[estimates["group_by"].eq("") & estimates["estimator"].eq("dr")]
    rows = []
    for action, own in whole_log[whole_log["action"].notna()].groupby("action", sort=False):
        row: dict[str, object] = {"Outcome": f"after “{action}”"}
        for metric, label in OF_OUTCOME.items():
            found = own[own["metric"].eq(metric)].sort_values("population")
            row[label] = cell(found.iloc[0] if len(found) else None)
        rows.append(row)
    return [Text("Of those with a chance to show it."), Table(pd.DataFrame(rows))]


def _how(instead: str) -> list[str]:
    return [
        "Nobody shows both outcomes. Of each stands the model's score, corrected where the outcome "
        "was seen by one over the probability of the action that was taken (doubly robust).",
        f"“{instead}” was drawn for some who would be acted on, and the action for some others, "
        "with logged chances; both are needed to say what acting adds to whom.",
        "Intervals hold 95% of the time each, and allow for applications of one subject being "
        "alike.",
    ]


def cell_of(row: pd.Series, form=None) -> Cell:  # type: ignore[no-untyped-def]
    """An estimate for 1,000 applications, as dollars unless its metric has a form of its own."""
    if form is None:
        events = "event" in str(row.get("metric", "")) or "response" in str(row.get("metric", ""))
        form = _events if events else dollars
    if pd.isna(row["low"]):
        return Cell(str(row["status"]).partition(":")[0], muted=True)
    if pd.isna(row["value"]):
        return Cell(_ends(row, form), "bounds, no value", muted=True)
    return Cell(form(PER * float(row["value"])), _ends(row, form))


def _ends(row: pd.Series, form) -> str:  # type: ignore[no-untyped-def]
    return interval(PER * float(row["low"]), PER * float(row["high"]), form)


def _events(value: float) -> str:
    return f"{value:+,.1f}".replace("-", "\N{MINUS SIGN}")
