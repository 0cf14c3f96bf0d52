"""Protected attributes are measured by and never decide: where the file uses one all the same."""

from collections.abc import Iterator

from truerisk.problem.aggregate import aggregates
from truerisk.problem.expression import columns_of
from truerisk.problem.spec import Problem


def protected_in_use(problem: Problem) -> Iterator[tuple[str, str]]:
    """(place, what is wrong) for each input of the model or of money that is protected.

    A rule may read one: a legal minimum age is a rule, which a person answers for. Names are
    compared as SQL does, without case; a history's column counts by its own name.
    """
    named = {name.lower(): name for name in problem.training.protected}
    for place, read in _reads(problem):
        for column in sorted(c for c in read if c.lower() in named):
            yield (
                place,
                f'reads "{column}", which training.protected names: what is protected never '
                "decides; take it out here, or there",
            )
    own = {problem.key: "the key", problem.application.subject: "the subject"}
    for i, name in enumerate(problem.training.protected):
        if name in problem.training.segments:
            yield (
                f"training.protected[{i}]",
                f'is "{name}", which training.segments names too; keep it in protected',
            )
        if name in own:
            yield f"training.protected[{i}]", f'is "{name}", {own[name]} of an application'


def _reads(problem: Problem) -> Iterator[tuple[str, set[str]]]:
    """Each place that feeds the model or the dollars, with the columns it reads."""
    f = problem.features
    yield "features.columns", set(f.columns)
    for name, derived in f.derived.items():
        yield f"features.derived.{name}", {name, *columns_of(derived.sql)}
    for i, latest in enumerate(f.latest):
        yield f"features.latest[{i}]", {latest.by, *latest.columns}
    for i, window in enumerate(f.window):
        made = aggregates(window.source, window.over, window.compute)
        yield f"features.window[{i}]", {window.by}.union(*(a.columns for a in made))
    for name, action in problem.actions.items():
        for side in ("if_event", "if_no_event"):
            yield f"actions.{name}.{side}", set(columns_of(getattr(action, side)))
