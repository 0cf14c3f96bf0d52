"""What the data cannot say yet: every status that is not ok, in words, and what settles it."""

import re

import pandas as pd

from truerisk.problem.spec import Problem
from truerisk.reports.kit.wording import METRICS, population
from truerisk.wording.counted import counted
from truerisk.wording.lists import listed
from truerisk.wording.numbers import whole
from truerisk.wording.past import past

# status pattern → (what is open, what settles it); {d} is the revealing action in the past tense.
KINDS = {
    r"not identified: no application had a logged chance to be revealed": (
        "No application had a logged chance to be {d}, so nothing can be said about those who "
        "were not.",
        "Decide with exploration on; numbers for everyone follow one horizon later.",
    ),
    r"not identified: (?P<n>[\d.]+%) had no chance to be revealed": (
        "{n} of the applications had no chance to be {d}: an absolute rule decided, or no "
        "propensity was logged. What would have become of them is not in any data.",
        "Nothing, by design of the rules; the numbers about those who could be {d} stand.",
    ),
    r"bounded: (?P<n>[\d,]+) approved outcomes were not seen": (
        "{n} outcomes of {d} applications should be known and are not. The interval holds the "
        "best and the worst they could be.",
        "Find the missing outcomes.",
    ),
    r"withheld: (?P<n>[\d,]+) explored labels \(effective\), (?P<need>\d+) are needed": (
        "Only {n} outcomes of explored applications are known (effective number), and {need} are "
        "needed for a number one can rely on.",
        "More time, or a larger exploration budget.",
    ),
    r"withheld: (?P<n>[\d,]+) outcomes are seen": (
        "{n} outcomes are known: too few for any number.",
        "More time.",
    ),
    r"withheld: all (?P<n>[\d,]+) seen outcomes are alike": (
        "All {n} known outcomes are the same, so a score cannot be judged on them.",
        "More time.",
    ),
    r"withheld: all (?P<n>[\d,]+) applications are of one subject": (
        "All {n} applications are of one subject, who says nothing about others.",
        "More time.",
    ),
    r"withheld: undefined on these rows \(.*\)": (
        "The figure is not defined: nobody, or nobody with an outcome, is in that group.",
        "Nothing, where nobody belongs to it; else more time.",
    ),
    r"withheld: the interval .* says nothing; the largest weight is (?P<n>[\d,]+)": (
        "The interval is too wide to say anything: one explored application stands for {n} others.",
        "More time, or a higher floor of exploration.",
    ),
    r"assumed: (?P<n>[\d,]+) lost outcomes are like those followed.*": (
        "{n} outcomes were lost on the way (sold, transferred), and are taken to be like those of "
        "similar applications.",
        "Follow them elsewhere; until then lowest and highest hold the worst cases.",
    ),
}


def open_questions(problem: Problem, *estimates: pd.DataFrame) -> pd.DataFrame:
    """What is open, where, and what settles it; empty when every estimate is ok."""
    rows = pd.concat([e for e in estimates if len(e)], ignore_index=True)
    rows = rows[rows["status"].ne("ok")]
    found = []
    for pattern, (what, settles) in KINDS.items():
        match = rows["status"].map(lambda s, p=pattern: re.fullmatch(p, s) is not None).astype(bool)
        if match.any():
            words = _numbers(pattern, rows.loc[match, "status"]) | {"d": past(problem.revealing)}
            found.append((what.format(**words), rows[match], settles.format(**words)))
        rows = rows[~match]
    for status, part in rows.groupby("status", sort=False):
        found.append((str(status), part, "Ask the owner of the measurement."))
    return pd.DataFrame(
        [
            {
                "What is open": what,
                "Status": _statuses(part),
                "Where": _where(problem, part),
                "What settles it": settles,
            }
            for what, part, settles in found
        ],
        columns=["What is open", "Status", "Where", "What settles it"],
    )


def in_words(problem: Problem, status: str) -> str:
    """One status as a sentence, without what settles it."""
    for pattern, (what, _) in KINDS.items():
        if match := re.fullmatch(pattern, status):
            return what.format(**match.groupdict(), d=past(problem.revealing))
    return status


def _numbers(pattern: str, statuses: pd.Series) -> dict[str, str]:
    """The numbers of a kind of status: one, or from the least to the most."""
    found = [m.groupdict() for m in (re.fullmatch(pattern, s) for s in statuses.unique()) if m]
    words = {}
    for name in found[0]:
        texts = {groups[name] for groups in found}
        order = sorted(texts, key=lambda t: float(t.strip("%").replace(",", "")))
        words[name] = order[0] if len(order) == 1 else f"{order[0]} to {order[-1]}"
    return words


def _statuses(part: pd.DataFrame) -> str:
    """The status as the estimates table stores it, to search by; the first of several."""
    texts = part["status"].unique()
    more = f" (and {counted(len(texts) - 1, 'like it', 'like it')})" if len(texts) > 1 else ""
    return f"{texts[0]}{more}"


def _where(problem: Problem, part: pd.DataFrame) -> str:
    lines = []
    overall = part[part["group_by"].eq("")]
    if len(overall):
        metrics = [lowered(METRICS.get(m, m)) for m in overall["metric"].unique()]
        who = [population(problem, p) for p in overall["population"].unique()]
        lines.append(f"overall: {listed(metrics)}; {listed(who)}")
    for column, rows in part[part["group_by"].ne("")].groupby("group_by", sort=False):
        groups = sorted(rows["group"].unique())
        short = listed(groups) if len(groups) <= 4 else f"{whole(len(groups))} groups"
        lines.append(f"by {column}: {short}")
    return "; ".join(lines)


def lowered(text: str) -> str:
    """A metric's name inside a sentence."""
    return text if text.startswith(("AUC", "KS", "Brier")) else text[0].lower() + text[1:]
