"""The commands of the ledger: what was decided."""

from typing import Annotated

import typer

from truerisk.commands.options import AsJson, LakeRoot, ProblemName, find, open_lake, out
from truerisk.errors import TrueriskError


def decisions(
    problem: ProblemName,
    application: Annotated[str, typer.Argument(help="One application; default the last.")] = "",
    limit: Annotated[int, typer.Option(help="How many of the last decisions.")] = 20,
    json_: AsJson = False,
    lake: LakeRoot = "",
) -> None:
    """List the last decisions, or show everything about one."""
    from truerisk.decisions.ledger import read_ledger
    from truerisk.decisions.reasons import in_words
    from truerisk.lake.identity import as_text, written_like

    about = find(problem)
    rows = read_ledger(open_lake(lake), about)
    if application:
        rows = rows[as_text(rows[about.key]).eq(written_like(application, rows[about.key]))]
        if rows.empty:
            raise TrueriskError(
                f"The ledger of {about.name} has no decision on the application that was named; "
                "its id is matched as it is written in the ledger."
            )
    rows = rows.iloc[::-1].head(limit)
    if json_:
        print(rows.to_json(orient="records", date_format="iso", indent=1))
    elif application:
        for name, value in rows.iloc[0].items():
            missing = value is None or value != value
            shown = "" if missing else in_words(value) if name == "reasons" else value
            out.print(f"{name:32} {shown}")
    else:
        columns = [about.key, "as_of", "action", "score", "p_reveal", "explored", "model_version"]
        shown = rows[columns].assign(as_of=rows["as_of"].dt.strftime("%Y-%m-%d %H:%M"))
        print(shown.round(4).to_string(index=False))
