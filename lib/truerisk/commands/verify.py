"""The command that says whether anybody but truerisk wrote the registry or a ledger."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from truerisk.commands.options import AsJson, LakeRoot, open_lake, out
from truerisk.errors import LakeError
from truerisk.wording.counted import counted


def verify(
    head: Annotated[
        list[str] | None,
        typer.Option("--head", help="A hash noted earlier: a chain must hold it.", metavar="HASH"),
    ] = None,
    json_: AsJson = False,
    lake: LakeRoot = "",
) -> None:
    """Say where rows of registry, ledgers or contests were edited, removed, added or reordered."""
    from truerisk.registry.verify import sentence
    from truerisk.registry.verify import verify as verified

    root = open_lake(lake)
    found = verified(root, head or ())
    if json_:
        print(json.dumps([asdict(v) for v in found], indent=1))
    for v in found if not json_ else ():
        older = f", {counted(v.older, 'row')} older than the chain" if v.older else ""
        state = f"breaks in {counted(len(v.breaks), 'place')}" if v.breaks else "whole"
        out.print(
            f"{v.table}: {counted(v.links, 'link')}{older}, {state}; head {v.head or 'none yet'}"
        )
    broken = sentence(root, found)
    if broken:
        raise LakeError(broken)
    if not json_:
        out.print("Keep the heads elsewhere; `truerisk verify --head HASH` then asks for them.")
