"""The page after decisions: what they were worth, for everyone who applied, and what is open."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from truerisk.problem.spec import Problem
from truerisk.registry.review import best
from truerisk.reports import decided, figures
from truerisk.reports.blocks import Beside, Block, Bullets, Cards, Figure, Table, Text, Tiles
from truerisk.reports.estimate_tables import by_group, cell, find, gains, side_by_side
from truerisk.reports.formats import day, moment, percent, whole
from truerisk.reports.open_questions import in_words, open_questions
from truerisk.reports.page import Section, page
from truerisk.reports.wording import (
    AUC,
    CALIBRATION,
    METRICS,
    approved_only,
    event,
    not_identified,
    past,
    population,
    whos,
)

SHOWN = ("event_rate", "auc", "policy_value")


def measure_page(
    problem: Problem, log: pd.DataFrame, estimates: pd.DataFrame, about: Mapping[str, Any]
) -> str:
    """What a decision log says about everyone who applied, as a self-contained page.

    ``log`` is a decision log, ``estimates`` measure()'s rows of it, by vintage and segments.
    ``about``: model_version, known_at, run, code, and compared (a model whose policy was valued).
    """
    overall = estimates[estimates["group_by"].eq("")]
    title = f"{problem.name}: what model {about['model_version']} decided, measured"
    first, last = day(log["as_of"].min()), day(log["as_of"].max())
    lead = f"Applications from {first} to {last}, known as of {day(about['known_at'])}."
    return page(
        title,
        lead,
        _summary(problem, log, overall),
        [
            Section("As usually reported, and for everyone", _beside(problem, overall)),
            Section("Month by month", _vintages(problem, estimates)),
            Section("Dollars", _dollars(problem, overall, about)),
            Section("Exploration", decided.exploration(problem, log)),
            Section("What was decided", decided.decisions(problem, log)),
            Section("Segments", _segments(problem, estimates)),
            Section("What is open", _open(problem, estimates)),
            Section("How this was measured", _how(problem, log, about)),
        ],
    )


def _summary(problem: Problem, log: pd.DataFrame, overall: pd.DataFrame) -> list[Block]:
    lost = not_identified(overall)
    tiles = {
        "Applied": (whole(len(log)), f"{whole(log['mature'].sum())} of them mature"),
    }
    for metric in ("event_rate", "auc", "policy_value"):
        row = _headline(overall, metric)
        if row is not None and pd.notna(row["low"]):
            shown, who = cell(row), population(problem, str(row["population"]), lost)
            tiles[METRICS[metric]] = (shown.main, f"{shown.beside}, about {who}")
    blocks: list[Block] = [Text(how_far(problem, overall), "lead"), Tiles(tiles)]
    if lost == 1:
        said = "Nothing is identified for everyone: no application had a logged chance."
        blocks.append(Text(said, "warning"))
    return blocks


def how_far(problem: Problem, overall: pd.DataFrame) -> str:
    """How far the usual figures are from everyone's, in plain words."""
    usual, *true = whos(problem, overall)
    rate, auc = find(overall, usual, "event_rate"), find(overall, usual, "auc")
    dr = find(overall, true[0], "event_rate") if true else None
    if rate is None or dr is None or pd.isna(dr["value"]):
        status = "" if dr is None else in_words(problem, str(dr["status"]))
        return (
            f"What is usually reported is about {usual.label}; how far that is from everyone who "
            f"applied cannot be said yet. {status}"
        ).strip()
    said = (
        f"As usually reported the event rate is {cell(rate).main}, but that is about "
        f"{usual.label}; among {true[0].label} it is {cell(dr).main} ({cell(dr).beside})"
    )
    if dr["low"] <= rate["value"] <= dr["high"]:
        said += ", so the two cannot be told apart."
    elif rate["value"] > 0:
        said += f": {dr['value'] / rate['value']:.1f} times the usual figure."
    else:
        said += "."
    score = find(overall, true[0], "auc")
    if auc is not None and score is not None and pd.notna(score["value"]):
        said += f" AUC: {cell(auc).main} as usually reported, {cell(score).main} "
        said += f"({cell(score).beside}) among {true[0].label}."
    return said


def _headline(overall: pd.DataFrame, metric: str) -> pd.Series | None:
    if overall["metric"].eq(metric).any():
        rows = overall[overall["policy"].isna() | overall["policy"].eq("as run")]
        return best(rows, metric)
    return None


def _beside(problem: Problem, overall: pd.DataFrame) -> list[Block]:
    lost, d = not_identified(overall), past(problem.revealing)
    unknown = (
        f"Not identified: {percent(lost)} of those who applied had no chance to be {d}, so no data "
        "can say what would have become of them. Figures about everyone then have bounds instead "
        "of a value, or none. "
    ) * (lost > 0)
    return [
        Text(
            f"The event is: {event(problem)}. An outcome is seen only when the action was "
            f"“{problem.revealing}”. The usual figure averages over {approved_only(problem)}. "
            f"DR and IPW speak for all who had a chance to be {d}, because a few were {d} at "
            "random with a known probability: IPW (inverse propensity weighting) counts each of "
            "those for the many like it; DR (doubly robust) starts from a model's guess and "
            "corrects it by them, and is the one to quote. Where the two disagree beyond their "
            "intervals, ask why."
        ),
        Table(side_by_side(problem, overall)),
        Text(f"{unknown}{AUC} {CALIBRATION}", "note"),
    ]


def _vintages(problem: Problem, estimates: pd.DataFrame) -> list[Block]:
    rows = estimates[estimates["group_by"].eq("vintage")]
    if rows.empty:
        return [Text("Not measured by month.")]
    there = whos(problem, estimates[estimates["group_by"].eq("")])
    charts: list[Block] = [
        Figure(title, figures.vintages(rows, there, metric))
        for metric, title in (
            ("event_rate", "Event rate by month of application, with 95% interval"),
            ("auc", "AUC by month of application, with 95% interval"),
        )
        if figures.can_draw(rows, there, metric)
    ]
    return [
        Text(
            "A month appears when its applications are old enough; one with too few explored "
            "outcomes has no figure for everyone yet."
        ),
        Beside(charts),
        Table(by_group(rows, there, "Month", SHOWN)),
    ]


def _dollars(problem: Problem, overall: pd.DataFrame, about: Mapping[str, Any]) -> list[Block]:
    if not overall["metric"].eq("policy_value").any():
        return [Text("The log holds no dollars.")]
    blocks: list[Block] = []
    compared = about.get("compared")
    gain = overall[overall["metric"].eq("policy_gain") & overall["policy"].eq(str(compared))]
    if compared and len(gain):
        row = best(gain, "policy_gain")
        who = population(problem, str(row["population"]), not_identified(overall))
        shown = cell(row)
        said = f"Had model {compared} decided instead, the difference would have been "
        said += f"{shown.main} ({shown.beside or row['status']}) per application, about {who}."
        if pd.notna(row["low"]) and row["low"] <= 0 <= row["high"]:
            said += " Zero is inside: the data cannot tell which of the two earns more."
        blocks.append(Text(said))
    else:
        blocks.append(Text("No other policy was valued; name a model to compare to see its gain."))
    note = (
        "“as run” is the policy that decided, exploration included. A gain is paired with it on "
        "the same applications. Dollars are those the problem file assumes."
    )
    return [*blocks, Table(gains(problem, overall)), Text(note, "note")]


def _segments(problem: Problem, estimates: pd.DataFrame) -> list[Block]:
    there = whos(problem, estimates[estimates["group_by"].eq("")])
    columns = [c for c in estimates["group_by"].unique() if c not in ("", "vintage")]
    return [
        Table(by_group(estimates[estimates["group_by"].eq(c)], there, str(c), SHOWN))
        for c in columns
    ] or [Text("No segments were measured.")]


def _open(problem: Problem, estimates: pd.DataFrame) -> list[Block]:
    table = open_questions(problem, estimates)
    return [Cards(table)] if len(table) else [Text("Nothing: every estimate has its value.")]


def _how(problem: Problem, log: pd.DataFrame, about: Mapping[str, Any]) -> list[Block]:
    facts = {
        "Model": about["model_version"],
        "Known at": moment(about["known_at"]),
        "Policies": ", ".join(sorted(log["policy_version"].astype(str).unique())),
        "Run": about["run"] or "outside a flow",
        "Code": about["code"] or "not recorded",
    }
    return [
        Bullets(
            [
                f"An application counts once it is {problem.outcome.horizon.days} days old, "
                "whatever was decided and whatever is known of it already.",
                "Every decision logged the probability of its action before the draw; weights are "
                "one over it.",
                "Intervals hold 95% of the time each, and allow for applications of one subject "
                "being alike.",
                "An outcome that should be known and is not widens the interval to its worst case.",
            ]
        ),
        Table(pd.DataFrame({"What": list(facts), "Value": [str(v) for v in facts.values()]})),
    ]
