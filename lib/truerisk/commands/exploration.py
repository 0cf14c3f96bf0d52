"""The commands of exploration: what it will cost and teach, before anything runs."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from truerisk.commands.options import (
    AsJson,
    LakeRoot,
    ProblemName,
    Sources,
    find,
    open_lake,
    out,
    pair,
)
from truerisk.errors import TrueriskError
from truerisk.wording.counted import counted
from truerisk.wording.dollars import dollars
from truerisk.wording.lists import listed

if TYPE_CHECKING:
    import pandas as pd

    from truerisk.decisions.batch import Batch
    from truerisk.decisions.exploration.plan import Design, Outlook
    from truerisk.lake.lake import Lake
    from truerisk.problem.spec import Problem

PERIOD = 90  # days of past decisions that stand for the next ones where nothing waits

app = typer.Typer(no_args_is_help=True, help="What exploration will cost, and what it teaches.")


@app.callback()
def exploration() -> None:
    """What exploration will cost, and what it teaches."""


@app.command()
def plan(
    problem: ProblemName,
    since: Annotated[str, typer.Option(help="First time to decide, UTC.", metavar="TIME")] = "",
    until: Annotated[str, typer.Option(help="Time to stop before, UTC.", metavar="TIME")] = "",
    source: Sources = None,
    json_: AsJson = False,
    lake: LakeRoot = "",
) -> None:
    """Show cost, labels, weights and interval widths to expect, for each design, and by when."""
    from truerisk.decisions.exploration.plan import outlook
    from truerisk.registry.approval import champion_of

    about, root = find(problem, dict(pair(text) for text in source or [])), open_lake(lake)
    champion = champion_of(about.name, root)
    scored, batch, which = _scored(about, root, champion, since, until)
    found = outlook(about, scored, batch)
    if json_:
        model = {"problem": about.name, "model_version": champion, "applications_are": which}
        entries = {"entries": [asdict(entry) for entry in found]}
        print(json.dumps(model | entries, default=_text, indent=1))
        return
    _show(about, found, champion, which)


def _scored(
    problem: "Problem", lake: "Lake", champion: str, since: str, until: str
) -> "tuple[pd.DataFrame, Batch, str]":
    """The undecided applications with scores, or the last decided ones where none waits."""
    import pandas as pd

    from truerisk.decisions.batch import Batch, known_calibration, plan_batch, rescore, score
    from truerisk.decisions.exploration.returning import chances
    from truerisk.decisions.ledger import read_ledger
    from truerisk.lake.tables import ledger
    from truerisk.problem.instant import instant

    decided_any = lake.version(ledger(problem.name)) is not None
    if since or problem.application.decide_from or not decided_any:
        batch = plan_batch(problem, lake, champion, since, until)
        if not batch.spine.empty:
            shards = [score(problem, lake, batch, shard) for shard in batch.shards]
            beside = len(batch.recent.score) if batch.recent is not None else 0
            which = "waiting for a decision" + (
                f", budgeted with {beside:,} decided in the 30 days before" if beside else ""
            )
            return pd.concat(shards, ignore_index=True), batch, which
        if not decided_any:
            raise TrueriskError(
                f"{problem.where}: no application waits for a decision between these bounds, and "
                "none was decided before; give other bounds."
            )
    decided = read_ledger(problem, lake)
    last = instant(until) if until else decided["as_of"].max() + pd.Timedelta(microseconds=1)
    first = instant(since) if since else last - pd.Timedelta(days=PERIOD)
    before = decided[decided["as_of"] < first]
    decided = decided[(decided["as_of"] >= first) & (decided["as_of"] < last)]
    scored = rescore(problem, lake, champion, decided[problem.key])
    calibration = known_calibration(problem, lake, champion)
    had = chances(before, scored["subject"])
    batch = Batch(
        id="",
        model_version=champion,
        features=[],
        spine=scored,
        calibration=calibration,
        chances=had,
    )
    return scored, batch, "decided already, as a guide to the next ones"


def _show(problem: "Problem", every: "list[Outlook]", champion: str, which: str) -> None:
    first = every[0]
    out.print(
        f"{problem.name}: {counted(first.applications, 'application')} {which}, "
        f"{first.first:%Y-%m-%d} to "
        f"{first.last:%Y-%m-%d} ({first.applications_per_day:,.0f} a day), model {champion}"
    )
    for found in every:
        _entry(problem, found, several=len(every) > 1)
    out.print(f"\nAll of these labels have matured by {first.matured_on:%Y-%m-%d}.")
    for found in every:
        _warn(problem, found)


def _entry(problem: "Problem", found: "Outlook", several: bool) -> None:
    from truerisk.wording.table import show, table

    budget = problem.exploration[found.entry]
    if several:
        out.print(f"\n“{found.action}” where the policy says {listed(list(found.sources))}:")
    if budget.share is not None:
        out.print(f"a hold-out of {budget.share:.1%}; {found.explorable:,} may be explored\n")
    else:
        allowed = (
            f"{budget.share_of_profit:.1%} of it"
            if budget.share_of_profit is not None
            else f"{dollars(budget.dollars_per_day)} a day"
        )
        out.print(
            f"expected profit {dollars(found.profit)}, exploration may cost {allowed}; "
            f"{found.explorable:,} may be explored\n"
        )
    columns = [_column(design) for design in found.designs]
    heads = [d.design + (" (chosen)" if d.design == found.chosen else "") for d in found.designs]
    rows = [[name, *(column[name] for column in columns)] for name in columns[0]]
    show(out, table(["", *heads], rows, right=heads))


def _warn(problem: "Problem", found: "Outlook") -> None:
    entry = problem.exploration[found.entry]
    least = f"floor of {entry.floor:g}" if entry.share is None else f"share of {entry.share:g}"
    seats = entry.action in problem.limited
    limit = "seats or daily cap" if seats else "budget or daily cap"
    for d in found.designs:
        if d.design == found.chosen and d.without_chance:
            out.print(
                f"No chance for {counted(d.without_chance, 'application')}: the {limit} of a day "
                "is used up. Nothing will be known for everyone; raise it."
            )
        elif d.design == found.chosen and d.below_floor:
            out.print(
                f"The {limit} affords no {least}: "
                f"{counted(d.below_floor, 'application')} stay below it."
            )


def _column(d: "Design") -> dict[str, str]:
    def say(value: float | None, form: str) -> str:
        return "none" if value is None else format(value, form)

    def money(value: float | None) -> str:
        return "none" if value is None else dollars(value)

    rate = None if d.width_event_rate is None else 100 * d.width_event_rate
    return {
        "expected cost": money(d.cost),
        "  of expected profit": say(d.share_of_profit, ".2%"),
        "expected labels": say(d.labels, ",.0f"),
        "  effective (after weighting)": say(d.effective_labels, ",.0f"),
        "dollars a label": money(d.dollars_per_label),
        "largest weight 1/π": say(d.largest_weight, ",.0f"),
        "width of the 95% interval for everyone": "",
        "  event rate, percentage points": say(rate, ".1f"),
        "  AUC": say(d.width_auc, ".3f"),
        "  gain near the cutoff, an application": money(d.width_profit),
        "30 effective labels matured by": (
            "never" if d.enough_on is None else f"{d.enough_on:%Y-%m-%d}"
        ),
    }


def _text(value: object) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
