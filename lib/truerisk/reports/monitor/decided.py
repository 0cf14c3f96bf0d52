"""What a decision log holds, in counts: actions, rules, exploration, state of the outcomes."""

import pandas as pd

from truerisk.problem.exploration import Exploration
from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Block, Table, Text, Tiles
from truerisk.wording.dollars import dollars
from truerisk.wording.lists import listed
from truerisk.wording.numbers import percent, rough, whole
from truerisk.wording.past import past

WHY = (
    "That is what makes figures about everyone possible. The committed cost is what the draws cost "
    "on average: the sum over applications of the probability of exploring it times what that is "
    "expected to lose."
)
STATUSES = {
    "followed": "mature, and its outcome is known",
    "closed": "mature, and ended early without the event: counted as none",
    "without an outcome": "mature and should have an outcome, and has none",
    "pending": "not old enough yet",
    "not revealed": "the action does not let the outcome be seen",
}


def exploration(problem: Problem, log: pd.DataFrame) -> list[Block]:
    """How many were explored, how many were expected, and what was committed to it."""
    rate = log["exploration_rate"]
    if not problem.exploration:
        return [Text("This problem does not explore: nothing is known beyond the usual figures.")]
    committed = float((rate * log["exploration_cost"]).sum())
    could = log[rate > 0]
    tiles = {
        "Explored": (whole(log["explored"].sum()), f"{rough(rate.sum())} expected"),
        "Could be explored": (whole(len(could)), f"{percent(len(could) / len(log))} of all"),
        "Committed cost": (dollars(committed), f"{dollars(committed / len(log))} per application"),
        "Outcomes known": (whole((log["explored"] & log["revealed"]).sum()), "of the explored"),
    }
    return [
        *(Text(_entry(problem, entry)) for entry in problem.exploration),
        Text(WHY),
        Tiles(tiles),
    ]


def _entry(problem: Problem, entry: Exploration) -> str:
    if entry.share is not None:
        allowed = f"As a hold-out each had a chance of {percent(entry.share)}."
    elif entry.share_of_profit is not None:
        allowed = f"The budget is {percent(entry.share_of_profit)} of expected profit."
    else:
        allowed = f"The budget is {dollars(entry.dollars_per_day or 0)} a day."
    done, others = past(entry.action), [past(a) for a in problem.explored_from(entry)]
    who = f" and were to be {listed(others)}" if entry.sources else ""
    return (
        f"Some applications that the policy would not have {done}{who} were {done} at random. "
        f"{allowed}"
    )


def decisions(problem: Problem, log: pd.DataFrame) -> list[Block]:
    """Actions, the rules that decided, and the state of the outcomes."""
    return [
        Table(_actions(problem, log), "Actions"),
        Table(_outcomes(log), "Outcomes"),
        *_rules(problem, log),
    ]


def _actions(problem: Problem, log: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for action in problem.actions:
        part = log[log["action"] == action]
        rows.append(
            {
                "Action": action,
                "Decided": whole(len(part)),
                "Share": percent(len(part) / len(log)),
                "Explored": whole(part["explored"].sum()),
                "Revealed": whole(part["revealed"].sum()),
                "Mature": whole(part["mature"].sum()),
            }
        )
    total = {"Action": "All", "Decided": whole(len(log)), "Share": percent(1.0)}
    total |= {c.capitalize(): whole(log[c].sum()) for c in ("explored", "revealed", "mature")}
    return pd.DataFrame([*rows, total])


def _outcomes(log: pd.DataFrame) -> pd.DataFrame:
    counts = log["status"].value_counts()
    return pd.DataFrame(
        [
            {
                "Outcome": str(status).capitalize(),
                "Applications": whole(n),
                "Share": percent(n / len(log)),
                "Meaning": STATUSES.get(str(status), ""),
            }
            for status, n in counts.items()
        ]
    )


def _rules(problem: Problem, log: pd.DataFrame) -> list[Block]:
    """The rules of the problem file with how often each decided, and those it no longer holds."""
    counts = log["rule"].dropna().value_counts()
    known = {rule.reason: rule for rule in problem.rules}
    if not known and counts.empty:
        return [Text("No rule decided: the problem has none.")]
    rows = []
    for reason in [*known, *(r for r in counts.index if r not in known)]:
        rule, n = known.get(str(reason)), counts.get(reason, 0)
        kind = "no longer in the problem file" if rule is None else "may be explored"
        rows.append(
            {
                "Rule": str(reason),
                "Action": rule.action if rule else "",
                "Applications": whole(n),
                "Share": percent(n / len(log)),
                "Kind": "absolute: never explored" if rule and rule.absolute else kind,
            }
        )
    return [Table(pd.DataFrame(rows), "Rules that decided")]
