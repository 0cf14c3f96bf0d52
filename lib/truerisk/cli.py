"""The ``truerisk`` command. Every error meant for the user is one sentence and exit code 2."""

import os
import sys
import tempfile
import traceback

import typer

from truerisk.commands import (
    catalog,
    check,
    exploration,
    features,
    ingest,
    ledger,
    loop,
    models,
    verify,
)
from truerisk.errors import TrueriskError, masked, outside
from truerisk.launch import FlowFailedError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="From applications to decisions, to truth for everyone who applied, to the next model.",
)
for command in (
    loop.demo,
    check.init,
    check.check,
    catalog.catalog,
    ingest.ingest,
    loop.train,
    loop.score,
    loop.measure,
    models.models,
    models.report,
    models.approve,
    models.reject,
    models.rollback,
    ledger.decisions,
    verify.verify,
):
    app.command()(command)
app.add_typer(exploration.app, name="exploration")
app.add_typer(features.app, name="features")


def main() -> None:
    """The entry point: one sentence and exit code 2 for whatever the user can mend."""
    try:
        with outside():
            app()
    except TrueriskError as error:
        print(f"truerisk: {error}", file=sys.stderr)
        sys.exit(2)
    except FlowFailedError as error:
        print(f"truerisk: {error}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        # The trace may quote somebody's data: only the user can read the file.
        handle, path = tempfile.mkstemp(prefix="truerisk-fault-", suffix=".log")
        with os.fdopen(handle, "w") as file:
            file.write(masked("".join(traceback.format_exception(error))))
        print(
            f"truerisk: This is a fault of truerisk ({type(error).__name__}); please report what "
            f"{path} holds.",
            file=sys.stderr,
        )
        sys.exit(1)
