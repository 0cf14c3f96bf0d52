"""Build features for a spine: its rows, in its order, each as of its own time."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from truerisk.errors import ProblemError, SourceError
from truerisk.features.definitions import names
from truerisk.features.engines import Engine, engine
from truerisk.features.inputs import check_inputs, read_columns
from truerisk.features.kinds import as_input
from truerisk.features.matching import count_latest
from truerisk.features.spine import application_columns, spine_table
from truerisk.features.sql.names import AS_OF, ROW
from truerisk.features.steps import Step, entities, steps
from truerisk.lake.lake import Lake, open_lake
from truerisk.lake.sources.sources import Sources
from truerisk.lake.sources.versions import Version
from truerisk.problem.evaluate import evaluate
from truerisk.problem.frames import as_frame
from truerisk.problem.instant import instant
from truerisk.problem.names import derived_order
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted


def build_features(
    problem: Problem,
    spine: pd.DataFrame,
    lake: Lake | None = None,
    known_at: object = None,
    versions: Mapping[str, Version] | None = None,
) -> pd.DataFrame:
    """The application key and one column per feature: the spine's rows, order and index.

    ``spine`` (n rows) holds the application key and, optionally, its time (as_of, UTC) and entity
    columns; what it lacks comes from the application source. ``known_at`` bounds every source row;
    ``versions`` pins sources. Numbers are float64, anything else is text. Raises SourceError for a
    repeated or unknown key and for what the sources lack.
    """
    with Sources(problem, lake or open_lake(), versions) as sources:
        return build(sources, spine, known_at)


def build(sources: Sources, spine: pd.DataFrame, known_at: object = None) -> pd.DataFrame:
    """build_features over sources that are open already."""
    problem = sources.problem
    wanted = names(problem)
    known = None if known_at is None else instant(known_at)  # type: ignore[arg-type]
    check_inputs(sources)
    base = application_columns(sources, spine, read_columns(problem), known)
    runner = engine(sources)
    runner.spine(spine_table(base, entities(problem)))
    parts = [base.drop(columns=AS_OF)]
    for step in steps(sources, runner, known):
        parts.append(_run(problem, runner, step, len(base)))
        if step.matched is not None:
            sources.matched[step.source, step.by] = step.matched
    count_latest(sources, runner)
    frame = pd.concat(parts, axis=1)
    frame = with_derived(problem, frame)
    assert len(frame) == len(spine)
    features = {name: as_input(problem, name, frame[name]) for name in wanted}
    return pd.DataFrame({problem.key: frame[problem.key], **features}).set_axis(spine.index)


def with_derived(problem: Problem, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its derived features, each after those it reads."""
    for name in derived_order(problem.features):
        place = f"{problem.where}: features.derived.{name}"
        try:
            made = evaluate(frame, {name: problem.features.derived[name].sql})[name]
        except ValueError as error:
            raise ProblemError(f"{place}: {error}.") from error
        endless = int(np.isinf(made).sum()) if made.dtype.kind == "f" else 0
        if endless:
            raise ProblemError(
                f"{place} is infinite in {endless:,} of {counted(len(made), 'row')}; where it "
                "divides by "
                "what can be 0, write nullif(…, 0), which gives null."
            )
        frame[name] = made.array
    return frame


def _run(problem: Problem, runner: Engine, step: Step, rows: int) -> pd.DataFrame:
    """The step's features in the spine's order: asserted to be exactly its rows.

    Zero has no sign: engines differ in whether they keep it.
    """
    try:
        found = step.run(runner.run)
    except ValueError as error:
        raise SourceError(
            f'{problem.where}: features over source "{step.source}" cannot be computed ({error}).'
        ) from error
    row = found[ROW].to_numpy()
    order = np.argsort(row)
    assert np.array_equal(row[order], np.arange(rows)), step
    frame = as_frame(found.select(step.names).take(order))
    doubles = frame.columns[[kind.kind == "f" for kind in frame.dtypes]]
    frame[doubles] += 0.0
    return frame
