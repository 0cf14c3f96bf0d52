"""The commands of the ledger: what was decided."""

from typing import Annotated, Any

import typer

from truerisk.commands.options import AsJson, LakeRoot, ProblemName, find, open_lake, out
from truerisk.errors import TrueriskError
from truerisk.wording.dollars import NOTHING

NUMBERS = ("score", "p_reveal")


def decisions(
    problem: ProblemName,
    application: Annotated[str, typer.Argument(help="One application; default the last.")] = "",
    limit: Annotated[int, typer.Option(help="How many of the last decisions.")] = 20,
    json_: AsJson = False,
    lake: LakeRoot = "",
) -> None:
    """List the last decisions, or show everything about one."""
    from truerisk.decisions.ledger import read_ledger
    from truerisk.lake.identity import as_text, written_like
    from truerisk.wording.table import facts, show, table

    about = find(problem)
    rows = read_ledger(about, open_lake(lake))
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
        return
    rows = rows.assign(**{about.key: as_text(rows[about.key])})
    if application:
        show(
            out, facts({str(name): _said(str(name), value) for name, value in rows.iloc[0].items()})
        )
    else:
        heads = [about.key, "as_of", "action", "score", "p_reveal", "explored", "model_version"]
        shown = rows[heads].assign(as_of=rows["as_of"].dt.strftime("%Y-%m-%d %H:%M"))
        for name in NUMBERS:
            digits = shown[name].map("{:.4f}".format, na_action="ignore")
            shown[name] = digits.astype(object).fillna(NOTHING)
        lines = shown.astype(str).to_numpy().tolist()
        show(out, table(heads, lines, right=NUMBERS))


def _said(name: str, value: Any) -> str:
    from truerisk.decisions.reasons import in_words

    if value is None or value != value:
        return ""
    return in_words(value) if name == "reasons" else str(value)
