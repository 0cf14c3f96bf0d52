"""The command that answers "what is there, who uses it, and may I trust it?"."""

import json
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from truerisk.commands.options import AsJson, LakeRoot, find, open_lake, out
from truerisk.errors import LakeError

PAGE = "reports/catalog.html"


def catalog(
    problem: Annotated[
        list[str] | None,
        typer.Option("--problem", help="A problem file or name; default all.", metavar="NAME"),
    ] = None,
    search: Annotated[
        str, typer.Option("--search", help="Answer: do we have …?", metavar="WORDS")
    ] = "",
    source: Annotated[
        str, typer.Option("--source", help="Everything about one source.", metavar="NAME")
    ] = "",
    feature: Annotated[
        str, typer.Option("--feature", help="Everything about one feature.", metavar="NAME")
    ] = "",
    as_of: Annotated[
        str, typer.Option("--as-of", help="Judge freshness at; default now.", metavar="TIME")
    ] = "",
    page: Annotated[
        str, typer.Option("--page", help="Where to write the page.", metavar="PATH")
    ] = "",
    browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    openlineage: Annotated[
        str,
        typer.Option(
            help="Write the lake's runs as OpenLineage events, or `send` them.", metavar="FILE"
        ),
    ] = "",
    json_: AsJson = False,
    lake: LakeRoot = "",
) -> None:
    """Show every source, column, feature and model, who uses it, and what nobody uses."""
    from truerisk.catalog import terminal
    from truerisk.catalog.catalog import read_catalog
    from truerisk.catalog.content import content
    from truerisk.lake import objects

    root = open_lake(lake)
    path = _place(page) if page else f"{root.root}/{PAGE}"
    named = [find(name) for name in problem or []]
    made = read_catalog(named or None, root, as_of or None)
    if json_:
        print(json.dumps(content(made), indent=1))
    elif search:
        terminal.found(out, made, search)
    elif source or feature:
        kind = "source" if source else "feature"
        terminal.one(out, made, kind, source or feature)
    elif not openlineage:
        terminal.overview(out, made)
    if openlineage:
        from truerisk.integrations.openlineage import SEND, emit

        count = emit(made, root, openlineage)
        done = "Sent" if openlineage == SEND else f"Wrote to {openlineage}:"
        out.print(f"{done} {count:,} OpenLineage events.")
    asked = page or browser
    if asked or not (json_ or search or source or feature or openlineage):
        from truerisk.reports.catalog.page import catalog_page

        objects.write_bytes(path, catalog_page(made).encode())
        if not json_:
            out.print(f"\nThe page: {path}")
        if browser:
            webbrowser.open(f"file://{path}")


def _place(page: str) -> str:
    """Where the page goes; LakeError for a file that is none of our catalogues."""
    from truerisk.lake import objects
    from truerisk.reports.catalog.page import is_catalog_page

    path = page if objects.is_remote(page) else str(Path(page).absolute())
    if not page.lower().endswith(".html"):
        raise LakeError(f"--page is {page}; the page's name must end in .html.")
    held = objects.read_bytes(path)
    if held is not None and not is_catalog_page(held):
        raise LakeError(
            f"{page} is there already and holds no catalogue; it is left as it is: name another "
            "with --page FILE.html."
        )
    return path
