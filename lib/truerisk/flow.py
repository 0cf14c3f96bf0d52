"""BaseFlow: what every flow shares, so that a flow file holds only its own steps.

Importing this module, before Metaflow itself, also points Metaflow at the runs of the lake that
TRUERISK_LAKE names (``runs_of`` at another lake's), unless Metaflow was configured otherwise.

Every task of a run and the process that starts them import it, and many of them only print: what
a step does is imported when it is done.
"""

import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truerisk.errors import ProblemError, TrueriskError, outside
from truerisk.lake.home import RUNS, home, repository

if TYPE_CHECKING:
    from truerisk.lake.lake import Lake
    from truerisk.problem.spec import Problem

os.environ.setdefault(RUNS, str(home()))
if not any(os.environ.get(n, "root") != "root" for n in ("METAFLOW_USER", "USERNAME", "USER")):
    # Containers, cron and systemd set no user name, and Metaflow refuses root's.
    user = pwd.getpwuid(os.getuid()).pw_name
    os.environ["METAFLOW_USER"] = user if user != "root" else "root-user"

import metaflow
from metaflow import (
    Config,
    Flow,
    FlowMutator,
    FlowSpec,
    Parameter,
    Run,
    Runner,
    card,
    current,
    namespace,
    package_sources,
)
from metaflow import step as plain_step
from metaflow.cards import MetaflowCard
from metaflow.metaflow_config import CARD_SUFFIX
from metaflow.plugins import CARDS
from metaflow.plugins.cards.card_datastore import CardDatastore
from metaflow.plugins.datastores.local_storage import LocalStorage

OURS = os.environ[RUNS] == str(home())
if OURS:  # Metaflow has read it; a command that goes on to another lake must not
    del os.environ[RUNS]

# What flow files import, and Metaflow's client and Runner for notebooks, from one place.
__all__ = [
    "BaseFlow", "Flow", "Parameter", "Run", "Runner", "card", "main", "namespace", "runs_of",
    "step",
]  # fmt: skip

LIBRARY = Path(__file__).resolve().parent
found_root = CardDatastore.get_storage_root


def card_root(storage: str) -> Any:
    """Where cards are kept: beside their runs, where Metaflow's own client looks for them.

    Metaflow 2.19 keeps local ones under the working directory, or nowhere that its client finds
    when METAFLOW_CARD_LOCALROOT is set.
    """
    if storage != "local":
        return found_root(storage)
    root = LocalStorage.datastore_root or LocalStorage.get_datastore_root_from_config(print)
    return os.path.join(root, CARD_SUFFIX)


CardDatastore.get_storage_root = staticmethod(card_root)


def runs_of(lake: "Lake") -> None:
    """Point Metaflow's client at the runs of a lake, unless Metaflow was configured otherwise."""
    folder = home(lake.root)
    if OURS:
        (folder / ".metaflow").mkdir(parents=True, exist_ok=True)
        metaflow.metadata(f"local@{folder}")


def step(function: Callable[..., None]) -> Any:
    """Metaflow's step, in which an outside error becomes one sentence before it is stored."""

    @wraps(function)
    def run(*given: Any) -> None:
        with outside():
            function(*given)

    return plain_step(run)


def read_config(text: str) -> dict[str, Any]:
    """What ``--config problem FILE`` holds, checked: TOML or JSON; empty stays empty."""
    from truerisk.problem.load import as_config, problem_from, read_text

    raw = read_text(text)
    return as_config(problem_from(raw)) if raw else {}


class ReportCard(MetaflowCard):
    """Shows the page that a step keeps as ``self.report``: the same page as in the lake."""

    type = "report"

    def render(self, task: Any) -> str:
        return str(task["report"].data)


CARDS.append(ReportCard)


class FromProblem(FlowMutator):
    """Schedule and resources of the problem file become decorators of the right flow."""

    def pre_mutate(self, mutable_flow: Any) -> None:
        flow = mutable_flow._flow_cls  # the mutator's own is BaseFlow, on which it was put
        verb = flow.__name__.removesuffix("Flow").lower()
        cron = self._said(mutable_flow, "schedule").get(verb)
        if cron:
            mutable_flow.add_decorator("schedule", deco_kwargs={"cron": cron})

    def mutate(self, mutable_flow: Any) -> None:
        compute = self._said(mutable_flow, "compute")
        wanted = {name: compute[name] for name in ("cpu", "memory") if compute.get(name)}
        for _, part in mutable_flow.steps if wanted else ():
            part.add_decorator("resources", deco_kwargs=wanted)

    @staticmethod
    def _said(mutable_flow: Any, part: str) -> Any:
        """A part of the problem; empty for a resume or a listing, which are given none."""
        return (dict(mutable_flow.configs).get("problem") or {}).get(part, {})


@FromProblem
@package_sources(str(LIBRARY), suffixes=[".py", ".html", ".css", ".js", ".toml", ".typed"])
class BaseFlow(FlowSpec):
    """The problem, the lake, and the instant a flow speaks of."""

    config = Config(
        "problem", default_value="{}", parser=read_config, help="The problem file, TOML."
    )
    lake_root = Parameter("lake", default="", help="The lake; default TRUERISK_LAKE.")

    def begin(self, known_at: str | None = None) -> None:
        """Resolve once, in start, what later steps and a resume must not resolve again."""
        from truerisk.lake.lake import open_lake
        from truerisk.problem.instant import instant

        self.root = open_lake(self.lake_root or None).root
        self.at = instant(known_at)
        self.problem  # noqa: B018  refuses a flow that was started without a problem

    @property
    def run(self) -> str:
        """The run that does this step; of a resumed one, not the broken one before it."""
        return f"{current.flow_name}/{current.run_id}"

    @property
    def code(self) -> str:
        """The revision of the code that does this step."""
        return revision()

    @property
    def person(self) -> str:
        """Who started this run, or resumed it."""
        return current.username or ""

    @property
    def problem(self) -> "Problem":
        """The problem this run was started with."""
        from truerisk.problem.load import problem_from

        raw = _plain(self.config)
        if not raw:
            raise ProblemError("The flow has no problem; pass --config problem problems/NAME.toml.")
        return problem_from(raw)

    @property
    def lake(self) -> "Lake":
        from truerisk.lake.lake import open_lake

        return open_lake(self.root)


def main(flow: type[BaseFlow]) -> None:
    """Run a flow file; a failure that is meant for the user is repeated as the last line."""
    try:
        flow()
    except SystemExit as stop:
        if stop.code and {"run", "resume"} & set(sys.argv[1:]):
            error = failure(flow.__name__, getattr(current, "run_id", None))
            if error is not None:
                print(error, file=sys.stderr)
                raise SystemExit(2) from None
        raise
    except TrueriskError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def failure(flow: str, run_id: str | None) -> str | None:
    """The sentence a failed task left behind, when it left one."""
    if run_id is None:
        return None
    namespace(None)
    for tasks in Run(f"{flow}/{run_id}"):
        for task in tasks:
            error = task.exception if not task.successful else None
            if error is not None and "truerisk.errors" in str(getattr(error, "type", "")):
                return str(error.exception)
    return None


def revision() -> str:
    """The git revision of the code, with ``+changes`` when the work tree differs from it."""
    git = ["git", "-C", str(repository())]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
        changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True)
    except FileNotFoundError:
        return "unknown"
    if head.returncode:
        return "unknown"
    return head.stdout.strip()[:12] + ("+changes" if changed.stdout.strip() else "")


def _plain(value: Any) -> Any:
    """A Metaflow config value as ordinary dicts and lists."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
