"""The commands of the registry: what was submitted, and what a person decides on it."""

import json
import webbrowser
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from truerisk.commands.options import (
    AsJson,
    Because,
    By,
    LakeRoot,
    ProblemName,
    Version,
    find,
    open_lake,
    out,
)


def models(problem: ProblemName, json_: AsJson = False, lake: LakeRoot = "") -> None:
    """List the submitted models, newest first."""
    from truerisk.registry.approval import models_of
    from truerisk.wording.table import show, table

    rows = models_of(find(problem).name, open_lake(lake))
    if json_:
        # The hash is given back by who opened the report, not by who listed the models.
        shown = [{k: v for k, v in row.items() if k != "report_hash"} for row in rows]
        print(json.dumps(shown, indent=1, default=_utc))
        return
    if not rows:
        out.print(f"No model of {problem} was submitted yet; `truerisk train` makes one.")
        return
    heads = ["version", "status", "candidate", "known_at", "gate", "auc", "last"]
    lines = [
        [
            row["version"],
            row["status"],
            row["candidate"],
            row["known_at"][:10],
            row["gate"],
            _auc(row),
            f"{row['last_event']} by {row['by']}",
        ]
        for row in rows
    ]
    show(out, table(heads, lines))


def _utc(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def report(
    problem: ProblemName,
    version: Version,
    browser: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    lake: LakeRoot = "",
) -> None:
    """Say where a model's report lies and print the hash that an approval must give back."""
    from truerisk.models.package import read_report, report_path
    from truerisk.registry.approval import submission

    root, name = open_lake(lake), find(problem).name
    offered = submission(name, root, version)
    digest = offered["report_hash"]
    read_report(name, root, version, digest)
    path = report_path(name, root, version, digest)
    out.print(f"Report of {version}: {path}")
    for check in json.loads(offered["payload"])["gate"]:
        verdict = "passed" if check["passed"] else "FAILED"
        out.print(f"  {verdict}: {check['name']}, {check['seen']}; asked: {check['asked']}")
    out.print(f"Its hash: {digest}")
    if browser:
        webbrowser.open(f"file://{path}")


def approve(
    problem: ProblemName,
    version: Version,
    by: By,
    because: Because,
    report_hash: Annotated[
        str, typer.Option("--report-hash", help="From `truerisk report`.", prompt=True)
    ],
    override: Annotated[
        bool, typer.Option("--override", help="Approve although the gate failed; kept.")
    ] = False,
    lake: LakeRoot = "",
) -> None:
    """Approve a model after reading its report: it becomes the champion."""
    from truerisk.registry import approval

    about, root = find(problem), open_lake(lake)
    if about.gate.second_person:
        approval.refuse_submitter(about.name, root, version, by)
    approval.approve(about.name, root, version, by, because, report_hash, override)
    out.print(f"{version} is the champion of {about.name}, approved by {by}.")


def reject(
    problem: ProblemName, version: Version, by: By, because: Because, lake: LakeRoot = ""
) -> None:
    """Decline a model after reading its report."""
    from truerisk.registry import approval

    name = find(problem).name
    approval.reject(name, open_lake(lake), version, by, because)
    out.print(f"{version} of {name} is rejected by {by}.")


def rollback(problem: ProblemName, by: By, because: Because, lake: LakeRoot = "") -> None:
    """Let the champion before this one decide again."""
    from truerisk.registry import approval

    name = find(problem).name
    back = approval.rollback(name, open_lake(lake), by, because)
    out.print(f"{back} is the champion of {name} again, rolled back by {by}.")


def _auc(row: Mapping[str, Any]) -> str:
    """The AUC and whose; none where actions show outcomes of their own."""
    value = row["auc"]
    if value is None or value != value:
        return "none"
    return f"{value:.3f} of the {row['auc_population']}"
