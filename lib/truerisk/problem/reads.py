"""Which columns of a source a problem computes with: features, labels, money and rules."""

from truerisk.problem.aggregate import aggregates
from truerisk.problem.expression import columns_of
from truerisk.problem.spec import Problem


def columns_read(problem: Problem, name: str) -> set[str]:
    """Columns of source ``name`` that become numbers or texts of a decision; not keys and times.

    Derived features and money may also name other features: those names come along.
    """
    features = problem.features
    read: set[str] = set()
    if name == problem.application.source:
        read |= set(features.columns)
        expressions = [d.sql for d in features.derived.values()]
        expressions += [e for a in problem.actions.values() for e in (a.if_event, a.if_no_event)]
        expressions += [rule.when for rule in problem.rules]
        read = read.union(*(columns_of(e) for e in expressions))
    if name == problem.outcome.source:
        read |= columns_of(problem.outcome.event)
    for latest in (f for f in features.latest if f.source == name):
        read |= set(latest.columns)
    for window in (f for f in features.window if f.source == name):
        made = aggregates(window.source, window.over, window.compute)
        read = read.union(*(a.columns for a in made))
    return read
