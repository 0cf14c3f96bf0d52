"""The commands of the policy: what a change to it would do, before it decides anything."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from truerisk.commands.options import (
    AsJson,
    KnownAt,
    LakeRoot,
    Sources,
    find,
    open_lake,
    out,
    pair,
)
from truerisk.wording.counted import counted
from truerisk.wording.dollars import dollar_change
from truerisk.wording.lists import listed

if TYPE_CHECKING:
    from truerisk.monitoring.preview.preview import Preview
    from truerisk.monitoring.preview.worth import Dollars
    from truerisk.problem.spec import Problem

app = typer.Typer(no_args_is_help=True, help="What a changed policy would do.")


@app.callback()
def policy() -> None:
    """What a changed policy would do."""


@app.command()
def preview(
    changed: Annotated[str, typer.Argument(help="The changed problem file.", metavar="CHANGED")],
    problem: Annotated[
        str,
        typer.Option(
            "--problem",
            help="The file that decided; default the one in problems/ of its name.",
            metavar="NAME",
        ),
    ] = "",
    since: Annotated[str, typer.Option(help="First decision, UTC.", metavar="TIME")] = "",
    until: Annotated[str, typer.Option(help="Time to stop before, UTC.", metavar="TIME")] = "",
    known_at: KnownAt = "",
    same_terms: Annotated[
        bool,
        typer.Option(
            "--same-terms", help="Changed dollars value the same offers; no amount or price moves."
        ),
    ] = False,
    source: Sources = None,
    json_: AsJson = False,
    lake: LakeRoot = "",
) -> None:
    """Decide the ledger's decisions again by a changed file; show what of it can be known."""
    from truerisk.monitoring.preview.preview import preview as previewed

    files = dict(pair(text) for text in source or [])
    new = find(changed, files)
    made = previewed(
        new, open_lake(lake), _decided_by(new, problem, files), since, until, known_at, same_terms
    )
    if json_:
        print(json.dumps(made.as_json(), indent=1))
        return
    _show(made)


def _decided_by(changed: "Problem", name: str, files: dict[str, str]) -> "Problem | None":
    """The file that decided: the one that is named, else the repository's of the same name."""
    from truerisk.lake.home import repository

    if name:
        return find(name, files)
    own = repository() / "problems" / f"{changed.name}.toml"
    return find(str(own), files) if own.exists() else None


def _show(made: "Preview") -> None:
    from truerisk.wording.table import show, table

    out.print(
        f"{made.problem}: {counted(made.decisions, 'decision')} from {made.first:%Y-%m-%d} to "
        f"{made.last:%Y-%m-%d} by {counted(len(made.models), 'model')}, {made.mature:,} matured by "
        f"{made.known_at:%Y-%m-%d}\nby {made.file} "
        f"{made.changed:,} of them ({made.changed / made.decisions:.1%}) would be others\n"
    )
    if made.moves:
        rows = [[m.before, m.after, f"{m.count:,}"] for m in made.moves]
        show(out, table(["from", "to", "decisions"], rows, right=["decisions"]))
        out.print("\nDollars of these, new minus old. Each part stands alone: they never add up.\n")
        heads = ["", "decisions", "share", "matured", "dollars of the matured", "of the others"]
        show(out, table(heads, list(_parts(made)), right=heads[1:4]))
    for line in _notes(made):
        out.print(f"\n{line}")
    if made.queues:
        heads = ["a day", "mean before", "after", "most before", "most after"]
        rows = [
            [q.action, f"{q.mean_before:.1f}", f"{q.mean_after:.1f}", f"{q.most_before:,}",
             f"{q.most_after:,}"]
            for q in made.queues
        ]  # fmt: skip
        out.print()
        show(out, table(heads, rows, right=heads[1:]))
    if made.groups:
        heads = [
            "group",
            "",
            "decisions",
            "action",
            "before",
            "after",
            "ratio before",
            "ratio after",
        ]
        rows = [
            [g.by + (" (protected)" if g.protected else ""), g.group, f"{g.n:,}", g.action,
             f"{g.before:.1%}", f"{g.after:.1%}", _ratio(g.ratio_before), _ratio(g.ratio_after)]
            for g in made.groups
            if g.action == made.groups[0].action or made.several
        ]  # fmt: skip
        out.print()
        show(out, table(heads, rows, right=[heads[2], *heads[4:]]))


def _parts(made: "Preview"):  # type: ignore[no-untyped-def]
    from truerisk.monitoring.preview.support import Ground, Support

    said = {
        Support.IDENTIFIED: "known from outcomes that were seen",
        Support.GUESSED: "guessed: only a score speaks of them",
        Support.UNKNOWN: "not known to anybody",
    }
    why = {
        Ground.RAN: "  what ran shows all outcomes",
        Ground.EXPLORED: "  exploration or an audit shows a random part",
        Ground.NO_OUTCOME: "  their dollars need no outcome",
        Ground.SCORE: "  no such outcome had a chance to be seen",
        Ground.RULE: "  an absolute rule decided them",
        Ground.TERMS: "  they would be offered other dollars",
        Ground.NO_SCORE: "  they have no score",
    }
    for part in made.parts:
        counts = [f"{part.count:,}", f"{part.share:.0%}", f"{part.mature:,}"]
        known = _dollars(part.support, part.known, part.mature)
        forecast = _dollars(part.support, part.forecast, part.count - part.mature)
        if part.support is Support.IDENTIFIED and part.count > part.mature:
            forecast = f"{forecast} by the scores"
        yield [said[part.support], *counts, known, forecast]
        for ground, count in part.grounds.items():
            own = part.by_ground.get(ground) if len(part.grounds) > 1 else None
            told = "" if own is None else _dollars(part.support, own, count)
            yield [why[ground], f"{count:,}", "", "", told, ""]


def _dollars(support: object, found: "Dollars", count: int) -> str:
    from truerisk.monitoring.preview.support import Support
    from truerisk.wording.dollars import NOTHING

    if not count:
        return NOTHING
    if support is Support.UNKNOWN:
        return f"between {dollar_change(found.low)} and {dollar_change(found.high)}"
    if found.value is None:
        return found.status
    if support is Support.GUESSED:
        return f"{dollar_change(found.value)}, a guess"
    if found.low is None:
        return dollar_change(found.value)
    ends = f"({dollar_change(found.low)} … {dollar_change(found.high)})"
    return f"{dollar_change(found.value)} {ends}"


def _notes(made: "Preview"):  # type: ignore[no-untyped-def]
    from truerisk.monitoring.preview.support import Ground

    grounds = [ground for part in made.parts for ground in part.grounds]
    if Ground.TERMS in grounds or (made.other_dollars and not made.same_terms):
        said = (
            "Dollars differ from the logged ones. If applicants would be offered another amount or "
            "price, nobody knows how they would have answered; if the same offers are only valued "
            "in another way, say --same-terms."
        )
        if made.other_dollars:
            said += f" {counted(made.other_dollars, 'offer')} would stay at other dollars too."
        yield said
    if made.left_out:
        yield (
            f"Changes of {listed(made.left_out)} are left out: it stays as it ran, and `truerisk "
            "exploration plan` says what another one costs and teaches."
        )


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
