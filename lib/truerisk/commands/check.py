"""The commands for new data: what is in it, can it be learned from, a file to start from."""

import json
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from truerisk.commands.options import AsJson, KnownAt, LakeRoot, Sources, find, open_lake, out, pair
from truerisk.errors import TrueriskError
from truerisk.wording.counted import counted

if TYPE_CHECKING:
    from truerisk.profiling.checkup import Checkup
    from truerisk.profiling.columns import Column

COUNTS = ("applied", "mature", "followed", "events")
MONTHS = 24  # of applications that a terminal shows
LEVELS = 4  # of a column, the most frequent
WIDE = 44  # characters of a column's values that are shown


def check(
    what: Annotated[
        str, typer.Argument(metavar="FILE|PROBLEM", help="A data file, a problem file, or a name.")
    ],
    known_at: KnownAt = "",
    source: Sources = None,
    json_: AsJson = False,
    lake: LakeRoot = "",
) -> None:
    """Look at a file or a problem before anything is trained: types, codes, keys, labels, leaks."""
    from truerisk.lake.reader.listing import format_of

    is_file = not what.endswith(".toml") and (format_of(what) or Path(what).is_dir())
    if is_file:
        _file(what, json_)
        return
    from truerisk.problem.instant import instant
    from truerisk.profiling.checkup import checkup

    about = find(what, dict(map(pair, source or [])))
    found = checkup(about, open_lake(lake), instant(known_at or None))
    if json_:
        print(json.dumps(_content(found), indent=1, default=str))
    else:
        _show(found)
    if found.errors:
        raise TrueriskError(
            f"{about.where}: {len(found.errors)} of what was found must be mended before training."
        )


def init(
    first: Annotated[str, typer.Option("--from", help="Applications.", metavar="FILE")],
    second: Annotated[str, typer.Argument(help="Outcomes.", metavar="[FILE]")] = "",
    to: Annotated[str, typer.Option(help="The problem file; default NAME.toml.")] = "",
    name: Annotated[str, typer.Option(help="The problem's name; default the file's.")] = "",
) -> None:
    """Write a problem file to start from: --from APPLICATIONS OUTCOMES, or one file with both."""
    from truerisk.problem.load import problem_from
    from truerisk.profiling.starter import starter

    made = starter([path for path in (first, second) if path], name)
    raw = tomllib.loads(made.text)
    target = Path(to or f"{raw['name']}.toml")
    problem_from(raw, str(target))
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(made.text)
    except FileExistsError as error:
        raise TrueriskError(
            f"{target} is there already and is left as it is; name another with --to FILE.toml."
        ) from error
    except OSError as error:
        raise TrueriskError(f"{target} cannot be written ({error.strerror}).") from error
    out.print(f"Wrote {target}.")
    for guess in made.guesses:
        out.print(f"  guessed: {guess}", markup=False)
    for column, why in made.left_out.items():
        out.print(f"  left out: {column}: {why}", markup=False)
    if made.asked:
        out.print(f"  look at: {made.asked}", markup=False)
    out.print(
        f"Next:\n  truerisk check {target} --known-at {made.known_at}\n"
        f"  truerisk train --problem {target} --known-at {made.known_at}",
        markup=False,
    )


def _file(path: str, json_: bool) -> None:
    from truerisk.lake.duck import connect
    from truerisk.profiling.checkup import column_notes
    from truerisk.profiling.columns import profile_columns
    from truerisk.profiling.opening import open_file

    with connect() as con:
        files = open_file(con, path, "file")
        columns = profile_columns(con, "file")
    notes, lines = column_notes(columns)
    if json_:
        content = {"file": path, "files": len(files), "columns": list(map(_column, columns))}
        print(json.dumps(content | {"notes": notes, "lines": lines}, indent=1, default=str))
        return
    rows = columns[0].rows if columns else 0
    out.print(
        f"{path}: {counted(len(files), 'file')}, {counted(rows, 'row')}, "
        f"{counted(len(columns), 'column')}",
        markup=False,
    )
    _columns(columns)
    _listed("Look at", notes)
    _listed("Contract lines, under [sources.NAME.contract]", lines)
    if not rows:
        raise TrueriskError(f"{path} holds no rows.")


def _show(found: "Checkup") -> None:
    from truerisk.wording.table import show, table

    for name, columns in found.sources.items():
        rows = columns[0].rows if columns else 0
        by = "" if name in found.read else ", read by queries"
        out.print(
            f"source {name}: {counted(rows, 'row')}, {counted(len(columns), 'column')}{by}",
            markup=False,
        )
        if not by:
            _columns(columns)
    _listed(
        "Keys",
        [
            f"{o.applications_with:.1%} of applications have a row in {o.source} by {o.theirs}; "
            f"{o.rows_with:.1%} of its rows belong to one"
            for o in found.overlaps
        ],
    )
    if found.months:
        counts = []
        for row in found.months[-MONTHS:]:
            rate = f"{row['events'] / row['followed']:.1%}" if row["followed"] else "–"
            counts.append([row["month"], *(f"{row[k]:,}" for k in COUNTS), rate])
        n = found.counts
        earlier = f"; the last {MONTHS} months" if len(found.months) > MONTHS else ""
        out.print(
            f"\nLabels as known at {found.known_at}: {n['mature']:,} of {n['applied']:,} "
            f"applications are mature (until {found.mature_until}), {n['followed']:,} have an "
            f"outcome, {n['events']:,} the event{earlier}"
        )
        show(out, table(("month", *COUNTS, "event rate"), counts, right={*COUNTS, "event rate"}))
    _listed(
        "Columns alone, by AUC of the event",
        [f"{a.column} {a.auc:.3f}" for a in found.alone[:5]],
    )
    _listed("Look at", found.notes)
    for name, lines in found.lines.items():
        _listed(f"Contract lines, under [sources.{name}.contract]", lines)
    _listed("To mend", found.errors)
    if not found.errors:
        out.print("\nNothing stands in the way of training.")


def _columns(columns: "list[Column]") -> None:
    from truerisk.lake.reader.guess import NOTHING
    from truerisk.wording.table import show, table

    rows = []
    for c in columns:
        whole = c.kind == "number" and "INT" in c.stored
        kind = "whole number" if whole else "" if c.stored == NOTHING else c.kind
        share = f"{c.nulls / c.rows:.1%}" if c.rows else "–"
        rows.append([c.name, kind, share, f"{c.levels:,}", _values(c)])
    heads = ("column", "type", "null", "levels", "values")
    show(out, table(heads, rows, right={"null", "levels"}))


def _values(c: "Column") -> str:
    if c.unique and c.kind in ("number", "text"):
        return "each once"
    if c.kind in ("number", "time") and c.low is not None:
        middle = f", half below {_short(c.middle)}" if c.middle is not None else ""
        return f"{_short(c.low)} … {_short(c.high)}{middle}"
    text = ", ".join(f"{level[:20]!r} {share:.0%}" for level, share in c.frequent[:LEVELS])
    return text if len(text) <= WIDE else text[: WIDE - 1] + "…"


def _short(value: Any) -> str:
    if isinstance(value, str):
        return value
    whole = isinstance(value, int)
    return (
        str(value) if whole and abs(value) < 10_000 else f"{value:,}" if whole else f"{value:,.6g}"
    )


def _listed(head: str, lines: list[str]) -> None:
    if lines:
        out.print(f"\n{head}", markup=False)
        for line in lines:
            out.print(f"  {line}", markup=False)


def _column(column: "Column") -> dict[str, Any]:
    return asdict(column) | {"line": column.line}


def _content(found: "Checkup") -> dict[str, Any]:
    content = asdict(found)
    content["sources"] = {n: list(map(_column, cs)) for n, cs in found.sources.items()}
    return content
