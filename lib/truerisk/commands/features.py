"""The commands of features: how they are computed, and their SQL for other engines."""

import json
from typing import Annotated

import typer

from truerisk.commands import online
from truerisk.commands.options import (
    AsJson,
    EngineName,
    LakeRoot,
    Sources,
    computed_by,
    find,
    open_lake,
    pair,
)

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="How features are computed: the plan, and the SQL for any engine.",
)
app.command()(online.sync)
About = Annotated[str, typer.Argument(metavar="PROBLEM", help="A problem file, or a name.")]


@app.command()
def explain(
    problem: About,
    sql: Annotated[bool, typer.Option("--sql/--no-sql", help="Show each step's SQL.")] = True,
    engine: EngineName = "",
    sample: Annotated[
        int | None, typer.Option(help="Plan for this many applications.", metavar="N", min=1)
    ] = None,
    source: Sources = None,
    lake: LakeRoot = "",
) -> None:
    """Say in which steps the features of all applications are computed, and why so."""
    from truerisk.features.explain import explain as explained

    about = computed_by(engine, find(problem, dict(map(pair, source or []))))
    print(explained(about, open_lake(lake), sample=sample, sql=sql))


@app.command()
def sql(
    problem: About,
    dialect: Annotated[
        str,
        typer.Option(
            help="athena, bigquery, duckdb, snowflake, spark or trino.", metavar="DIALECT"
        ),
    ],
    json_: AsJson = False,
    source: Sources = None,
    lake: LakeRoot = "",
) -> None:
    """Print the views and queries that compute the features in a warehouse; reads no rows."""
    from truerisk.features.warehouse.statements import feature_sql, statements

    about, root = find(problem, dict(map(pair, source or []))), open_lake(lake)
    if json_:
        print(json.dumps([vars(s) for s in statements(about, dialect, root)], indent=1))
    else:
        print(feature_sql(about, dialect, root))
