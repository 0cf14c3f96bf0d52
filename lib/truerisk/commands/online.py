"""The command that keeps the online store up to its sources."""

from typing import Annotated

import typer

from truerisk.commands.options import LakeRoot, Sources, find, open_lake, out, pair
from truerisk.wording.counted import counted


def sync(
    problem: Annotated[str, typer.Argument(metavar="PROBLEM", help="A problem file, or a name.")],
    store: Annotated[
        str,
        typer.Option(help="The store's file; default in the home of the lake.", metavar="PATH"),
    ] = "",
    source: Sources = None,
    lake: LakeRoot = "",
) -> None:
    """Bring the online store up to its sources, for features of one application at once."""
    from truerisk.features.online.sync import sync_online

    about = find(problem, dict(map(pair, source or [])))
    done = sync_online(about, open_lake(lake), store or None)
    for table in done.tables:
        rows = f", {counted(table.rows, 'row')}" if table.rows else ""
        out.print(f"{table.name}: {table.what}{rows}, because {table.because}.")
    if not done.tables:
        out.print(f"{about.name} has no feature over another source; there is nothing to keep.")
    out.print(f"Store: {done.path}")
