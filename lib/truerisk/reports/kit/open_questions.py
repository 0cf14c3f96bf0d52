"""What the data cannot say yet: every status that is not ok, in words, and what settles it."""

import pandas as pd

from truerisk.measurement.status import OK, TEXT, Reason, reason_of
from truerisk.problem.spec import Problem
from truerisk.reports.kit.wording import METRICS, population
from truerisk.wording.counted import counted
from truerisk.wording.lists import listed
from truerisk.wording.numbers import whole
from truerisk.wording.past import past

# reason → (what is open, what settles it); {d} is the revealing action in the past tense.
SAID: dict[Reason, tuple[str, str]] = {
    Reason.NO_CHANCE: (
        "No application had a logged chance to be {d}, so nothing can be said about those who "
        "were not.",
        "Decide with exploration on; numbers for everyone follow one horizon later.",
    ),
    Reason.SOME_WITHOUT_CHANCE: (
        "{share} of the applications had no chance to be {d}: an absolute rule decided, or no "
        "propensity was logged. What would have become of them is not in any data.",
        "Nothing, by design of the rules; the numbers about those who could be {d} stand.",
    ),
    Reason.UNSEEN: (
        "{n} outcomes of {d} applications should be known and are not. The interval holds the "
        "best and the worst they could be.",
        "Find the missing outcomes.",
    ),
    Reason.LOST: (
        "{n} outcomes were lost on the way (sold, transferred), and are taken to be like those of "
        "similar applications.",
        "Follow them elsewhere; until then lowest and highest hold the worst cases.",
    ),
    Reason.FEW_SEEN: ("{n} outcomes are known: too few for any number.", "More time."),
    Reason.ALIKE: (
        "All {n} known outcomes are the same, so a score cannot be judged on them.",
        "More time.",
    ),
    Reason.ONE_SUBJECT: (
        "All {n} applications are of one subject, who says nothing about others.",
        "More time.",
    ),
    Reason.ONE_DAY: (
        "All {n} applications came on one day, and days differ.",
        "More time.",
    ),
    Reason.FEW_EXPLORED: (
        "Only {n} outcomes of explored applications are known (effective number), and {need} are "
        "needed for a number one can rely on.",
        "More time, or a larger exploration budget.",
    ),
    Reason.FEW_OUTCOMES: (
        "Only {n} {which} are known (effective number), and {need} are needed.",
        "More time, or a larger exploration budget.",
    ),
    Reason.UNDEFINED: (
        "The figure is not defined: nobody, or nobody with an outcome, is in that group.",
        "Nothing, where nobody belongs to it; else more time.",
    ),
    Reason.TOO_WIDE: (
        "The interval is too wide to say anything: one explored application stands for {weight} "
        "others.",
        "More time, or a higher floor of exploration.",
    ),
}


def open_questions(problem: Problem, *estimates: pd.DataFrame) -> pd.DataFrame:
    """What is open, where, and what settles it; empty when every estimate is ok."""
    rows = pd.concat([e for e in estimates if len(e)], ignore_index=True)
    rows = rows[rows["status"].ne(OK)]
    read = {status: reason_of(status) for status in rows["status"].unique()}
    found = []
    for reason, (what, settles) in SAID.items():
        own = {s: made[1] for s, made in read.items() if made is not None and made[0] is reason}
        if own:
            words = _together(list(own.values())) | {"d": past(problem.offer)}
            part = rows[rows["status"].isin(list(own))]
            found.append((what.format(**words), part, settles.format(**words)))
    other = [status for status, made in read.items() if made is None]
    found += [(s, rows[rows["status"].eq(s)], "Ask the owner of the measurement.") for s in other]
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
    made = reason_of(status)
    if made is None:
        return status
    reason, numbers = made
    return SAID[reason][0].format(**numbers, d=past(problem.offer))


def _together(written: list[dict[str, str]]) -> dict[str, str]:
    """What the sentences of one reason say: numbers from the least to the most, words by "or"."""
    words = {}
    for name in written[0]:
        texts = sorted({numbers[name] for numbers in written})
        if name not in TEXT:
            texts.sort(key=lambda number: float(number.strip("%").replace(",", "")))
            texts = texts if len(texts) == 1 else [f"{texts[0]} to {texts[-1]}"]
        words[name] = " or ".join(texts)
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
