"""The top of the monitor page: what to do on Monday, and four figures beside their promise."""

from dataclasses import replace

import pandas as pd

from truerisk.measurement.best import best
from truerisk.monitoring.monitor import Monitor
from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Block, Bullets, Text, Tiles, Verdict
from truerisk.reports.kit.estimate_tables import cell, find
from truerisk.reports.kit.open_questions import in_words
from truerisk.reports.kit.wording import METRICS, approved_only, not_identified, population, whos
from truerisk.wording.counted import counted
from truerisk.wording.dollars import dollars
from truerisk.wording.numbers import FORMS, day, interval, whole

TILES = ("event_rate", "auc", "policy_value", "calibration_error")
WEEK = pd.Timedelta(days=7)


def summary(problem: Problem, monitor: Monitor) -> list[Block]:
    """The verdict, the alerts in words, the tiles, and how far the usual figures are off."""
    lost = not_identified(monitor.overall)
    line = verdict(problem, monitor)
    blocks: list[Block] = [replace(line, text=line.text + _earns(monitor))]
    ringing = monitor.alerts
    if ringing is not None and len(ringing):
        blocks.append(Bullets([str(means) for means in ringing["means"]]))
    shown = {m: row for m in TILES if (row := _of_everyone(monitor.overall, m)) is not None}
    blocks.append(Tiles({METRICS[m]: _tile(problem, monitor, m, row) for m, row in shown.items()}))
    applied, mature = len(monitor.log), int(monitor.log["mature"].sum())
    who = {population(problem, str(row["population"]), lost) for row in shown.values()}
    said = f"{whole(applied)} applied, {whole(mature)} of them mature."
    if shown:
        said = f"The figures are about {' and '.join(sorted(who))}, with 95% intervals; {said}"
    blocks += [Text(said, "note"), Text(how_far(problem, monitor.overall))]
    if lost == 1:
        said = "Nothing is identified for everyone: no application had a logged chance."
        blocks.append(Text(said, "warning"))
    return [*blocks, *(Text(doubt, "warning") for doubt in monitor.doubts)]


def verdict(problem: Problem, monitor: Monitor) -> Verdict:
    """Alerts or none, in one line, in dollars where they have some."""
    ringing = monitor.alerts
    if ringing is None:
        return Verdict(None, f"No alert can be raised yet. {when_watched(problem, monitor)}")
    if ringing.empty:
        weeks = f"in the weeks up to that of {day(monitor.last_week)}"
        said = f"No alert: no series left what was promised {weeks}."
        if len(monitor.held) < len(monitor.promised):
            said += f" Only {len(monitor.held)} of {len(monitor.promised)} have labels enough yet."
        return Verdict(True, said)
    priced = ringing[ringing["dollars_a_week"].notna()]
    cost = ""
    if len(priced):
        row = priced.iloc[0]
        verb = "costs" if row["dollars_a_week"] < 0 else "brings"
        cost = f" The dearest {verb} {dollars(abs(row['dollars_a_week']))} a week"
        sure = abs(row["dollars_at_least"])
        cost += f", at least {dollars(sure)}." if sure else ", how much at least is not sure yet."
    return Verdict(False, f"{counted(len(ringing), 'alert')}: look today.{cost}")


def when_watched(problem: Problem, monitor: Monitor) -> str:
    """From when on the first week is entirely mature, or what the sequences wait for."""
    if isinstance(monitor.watched, str):
        first = monitor.log["as_of"].min().floor("D")
        monday = first - pd.to_timedelta(first.day_of_week, unit="D")
        start = monday + WEEK + problem.maturing
        if start > monitor.known_at:
            return f"Watched from {day(start)} on, when the first whole week has matured."
        return monitor.watched
    waiting = str(monitor.watched["status"].iloc[-1])
    return f"The sequences are still too short to be shown ({waiting})."


def held(problem: Problem, monitor: Monitor, metric: str, row: pd.Series) -> str:
    """What was promised for a figure at approval, and whether it holds."""
    promise, form = monitor.promised.get(metric), FORMS[metric]
    if promise is None:
        return f"Nothing was promised: its report knew {approved_only(problem)}."
    said = f"Promised {interval(*promise, form)}"
    ringing = monitor.alerts
    alike = [metric, *(["calibration_error_approved"] if metric == "calibration_error" else [])]
    if ringing is not None and ringing["series"].isin(alike).any():
        return f"{said}: broken, an alert."
    if row["low"] <= promise[1] and row["high"] >= promise[0]:
        return f"{said}: holds."
    return f"{said}: outside at this one look, and no alert."


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


def _tile(problem: Problem, monitor: Monitor, metric: str, row: pd.Series) -> tuple[str, str]:
    shown = cell(row)
    if row["estimator"] == "naive":
        usual = population(problem, str(row["population"]))
        return "not known yet", f"{shown.main} ({shown.beside}) about {usual}."
    return shown.main, f"{shown.beside}. {held(problem, monitor, metric, row)}"


def _of_everyone(overall: pd.DataFrame, metric: str) -> pd.Series | None:
    """The row to quote, the naive one where no other has a number; None without an interval.

    Booked dollars go before estimated ones.
    """
    booked = overall[overall["metric"].eq("realised_value")]
    if metric == "policy_value" and len(booked):
        return booked.iloc[0]
    rows = overall[overall["metric"].eq(metric)]
    rows = rows[rows["policy"].isna() | rows["policy"].eq("as run")]
    if rows.empty:
        return None
    row = best(rows, metric)
    return row if pd.notna(row["low"]) else None


def _earns(monitor: Monitor) -> str:
    row = _of_everyone(monitor.overall, "policy_value")
    if row is None or row["estimator"] == "naive":
        return ""
    shown = cell(row)
    return f" Decisions bring {shown.main} an application ({shown.beside})."
