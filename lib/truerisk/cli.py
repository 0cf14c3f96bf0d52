"""The ``truerisk`` command. Every error meant for the user is one sentence and exit code 2."""

import os
import sys
import tempfile
import traceback

import typer
import typer.exceptions

from truerisk.commands import (
    catalog,
    check,
    contest,
    exploration,
    features,
    flows,
    ingest,
    ledger,
    models,
    people,
    policy,
    queue,
    verify,
)
from truerisk.errors import FlowFailedError, TrueriskError, masked, outside

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="From applications to decisions, to truth for everyone who applied, to the next model.",
)
for command in (
    flows.demo,
    check.init,
    check.check,
    catalog.catalog,
    ingest.ingest,
    flows.train,
    flows.score,
    flows.measure,
    models.models,
    models.report,
    models.approve,
    models.reject,
    models.rollback,
    ledger.decisions,
    people.notice,
    people.evidence,
    verify.verify,
):
    app.command()(command)
app.add_typer(contest.app, name="contest")
app.add_typer(exploration.app, name="exploration")
app.add_typer(features.app, name="features")
app.add_typer(queue.app, name="queue")
app.add_typer(policy.app, name="policy")


def main() -> None:
    """The entry point: one sentence and exit code 2 for whatever the user can mend."""
    try:
        with outside():
            ended = app(standalone_mode=False)
    except TrueriskError as error:
        print(f"truerisk: {error}", file=sys.stderr)
        sys.exit(2)
    except typer.exceptions.TyperException as error:
        print(_mistyped(error), file=sys.stderr)
        sys.exit(2)
    except typer.Abort:
        print("truerisk: Stopped before anything was done.", file=sys.stderr)
        sys.exit(1)
    except FlowFailedError as error:
        print(f"truerisk: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
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
    sys.exit(ended or 0)


def _mistyped(error: typer.exceptions.TyperException) -> str:
    """A command line that cannot be read, as one sentence; a group alone explains itself."""
    said = error.format_message()
    if said.startswith("Usage: "):
        return said
    context = getattr(error, "ctx", None)
    help_ = f"{context.command_path if context else 'truerisk'} --help"
    return f"truerisk: {TrueriskError(f'{said.rstrip(chr(46))}; see `{help_}`.')}"
