"""The runs that a lake recorded as OpenLineage events, made by the standard's own client.

One COMPLETE event per ingest, training and scoring batch, with what was read at which version,
what was made, and which of its columns come from which. A run's id is a function of the lake and
of what it made: sending the same lake twice tells the same runs.
"""

import json
import os
import uuid
from collections.abc import Iterable, Iterator
from importlib.metadata import version as installed
from typing import Any
from urllib.parse import urlparse

import pandas as pd

from truerisk.catalog.catalog import Catalog
from truerisk.catalog.entries import node
from truerisk.catalog.lineage import reach
from truerisk.columns import FEATURE
from truerisk.errors import LakeError, TrueriskError, told
from truerisk.lake.duck import session
from truerisk.lake.lake import Lake
from truerisk.lake.objects import is_remote
from truerisk.lake.tables import INGESTS, ledger
from truerisk.problem.spec import Problem

OURS = "urn:truerisk:"
PRODUCER = f"{OURS}{installed('truerisk')}"
VALUES = ("value", "through query", "ingested through query")
SEND = "send"
NAMESPACE = "truerisk"

Read = tuple[str, str, bool]  # place, column, and whether it gives values or only finds rows


def emit(catalog: Catalog, lake: Lake, to: str) -> int:
    """Write the events to the file ``to`` as JSON lines, replacing it; how many.

    A file that holds something else is refused. ``send`` sends them as OPENLINEAGE_URL or
    openlineage.yml says. Raises TrueriskError where the client is not installed or the events
    cannot be written or delivered.
    """
    client = _client()
    if to != SEND and is_remote(to):
        raise LakeError(f"The OpenLineage events cannot be written to {to}; give a local file.")
    if to != SEND and os.path.exists(to):
        if not _holds_events(to):
            raise LakeError(
                f"{to} is there already and holds no OpenLineage events of truerisk; it is left as "
                "it is: name another file."
            )
        os.remove(to)
    sender = client.OpenLineageClient() if to == SEND else _to_file(client, to)
    count = 0
    try:
        for event in events(catalog, lake):
            sender.emit(event)
            count += 1
    except (OSError, RuntimeError) as error:
        raise LakeError(
            f"The OpenLineage events cannot be written to {to} ({told(error)})."
        ) from error
    return count


def events(catalog: Catalog, lake: Lake) -> Iterator[Any]:
    """Ingests, trainings and scoring batches of the catalogue's problems, each in order of time."""
    _client()
    yield from _ingests(catalog, lake)
    for problem in catalog.problems:
        yield from _trainings(catalog, problem, lake)
        yield from _scorings(catalog, problem, lake)


def _ingests(catalog: Catalog, lake: Lake) -> Iterator[Any]:
    if lake.version(INGESTS) is None:
        return
    ours = {p.name for p in catalog.problems}
    for row in lake.read(INGESTS).sort_values("at").to_dict("records"):
        if row["problem"] not in ours:
            continue
        name = node("source", row["problem"], row["source"])
        columns = [c.name for c in catalog.column_entries if name == _source_of(c.id)]
        read = {c: [(row["file"], c, True)] for c in columns}
        table = _dataset(lake, row["table"], row["table_version"], read)
        file = _dataset(lake, row["file"], row["sha256"])
        job = f"{row['problem']}.ingest.{row['source']}"
        yield _event(lake, job, row["ingest_id"], row["at"], [file], table, row["run"])


def _trainings(catalog: Catalog, problem: Problem, lake: Lake) -> Iterator[Any]:
    models = [m for m in catalog.model_entries if m.problem == problem.name and not m.trouble]
    for model in reversed(models):
        made = f"models/{problem.name}/{model.version}"
        read = {i.feature: _columns(catalog, problem, i.feature) for i in model.inputs}
        output = _dataset(lake, made, model.version, read)
        inputs = list(_inputs(problem, lake, model.versions))
        job = f"{problem.name}.train"
        at = pd.Timestamp(model.submitted, tz="UTC")
        yield _event(lake, job, made, at, inputs, output, model.run)


def _scorings(catalog: Catalog, problem: Problem, lake: Lake) -> Iterator[Any]:
    table = ledger(problem.name)
    version = lake.version(table)
    if version is None:
        return
    with session() as con:
        lake.scan(con, table).create_view("held")
        batches = (
            con.sql(
                "SELECT batch, model_version, any_value(source_versions) AS versions, "
                "any_value(run) AS run, max(decided_at) AS decided FROM held "
                "GROUP BY 1, 2 ORDER BY decided, batch"
            )
            .to_arrow_table()
            .to_pylist()
        )
    for batch in batches:
        model = next(
            (m for m in catalog.model_entries if m.version == batch["model_version"]), None
        )
        names = [i.feature for i in model.inputs] if model else []
        read = {f"{FEATURE}{n}": _columns(catalog, problem, n) for n in names}
        model_name = f"models/{problem.name}/{batch['model_version']}"
        read["score"] = [(model_name, n, True) for n in names]
        inputs = list(_inputs(problem, lake, json.loads(batch["versions"])))
        inputs.append(_dataset(lake, model_name, batch["model_version"]))
        at = pd.Timestamp(batch["decided"])
        output = _dataset(lake, table, None, read)
        yield _event(
            lake, f"{problem.name}.score", batch["batch"], at, inputs, output, batch["run"]
        )


def _inputs(problem: Problem, lake: Lake, versions: dict[str, Any]) -> Iterator[Any]:
    for name, version in versions.items():
        yield _dataset(lake, _place(problem, name), version)


def _columns(catalog: Catalog, problem: Problem, feature: str) -> list[Read]:
    """Every source column that a feature is made of, and whether it gives values (direct)."""
    here = node("feature", problem.name, feature)
    values = [e for e in catalog.edges if e.how.partition(",")[0] in VALUES]
    direct = reach(values, here, up=True)
    found = []
    for name in catalog.upstream(here):
        kind, _, rest = name.partition("/")
        if kind == "column":
            _, source, column = rest.split(".", 2)
            if problem.sources[source].query is None:  # a query's columns are made of others
                found.append((_place(problem, source), column, name in direct))
    return sorted(set(found))


def _place(problem: Problem, name: str) -> str:
    source = problem.sources.get(name)
    return name if source is None else source.table or source.path or f"{problem.name}/{name}"


def _dataset(
    lake: Lake, place: str, version: object, read: dict[str, list[Read]] | None = None
) -> Any:
    """A dataset as OpenLineage names it: a file by its path, an object by bucket and key."""
    from openlineage.client.event_v2 import Dataset
    from openlineage.client.facet_v2 import (
        column_lineage_dataset,
        dataset_version_dataset,
        schema_dataset,
    )

    namespace, name = _named(lake, place)
    facets: dict[str, Any] = {}
    if version is not None and not pd.isna(version):  # type: ignore[call-overload]
        number = int(version) if isinstance(version, float) else version
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(str(number))
    if read:
        facets["schema"] = schema_dataset.SchemaDatasetFacet(
            [schema_dataset.SchemaDatasetFacetFields(column) for column in read]
        )
        facets["columnLineage"] = column_lineage_dataset.ColumnLineageDatasetFacet(
            {
                column: column_lineage_dataset.Fields(
                    [
                        column_lineage_dataset.InputField(
                            *_named(lake, place), of, [_transformation(direct)]
                        )
                        for place, of, direct in parts
                    ]
                )
                for column, parts in read.items()
            }
        )
    return Dataset(namespace, name, facets=facets)


def _event(
    lake: Lake,
    job: str,
    made: str,
    at: pd.Timestamp,
    inputs: Iterable[Any],
    output: Any,
    run: str = "",
) -> Any:
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
    from openlineage.client.facet_v2 import RunFacet, job_type_job, tags_run

    facets: dict[str, RunFacet] = {}
    if run:
        tag = tags_run.TagsRunFacetFields("metaflow_run", run, "truerisk")
        facets["tags"] = tags_run.TagsRunFacet([tag])
    kind = job_type_job.JobTypeJobFacet("BATCH", "TRUERISK", "JOB")
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{lake.root}|{job}|{made}"))
    return RunEvent(
        eventType=RunState.COMPLETE,
        eventTime=at.isoformat(),
        run=Run(identity, facets),
        job=Job(NAMESPACE, job, {"jobType": kind}),
        inputs=list(inputs),
        outputs=[output],
        producer=PRODUCER,
    )


def _transformation(direct: bool) -> Any:
    from openlineage.client.facet_v2 import column_lineage_dataset

    return column_lineage_dataset.Transformation("DIRECT" if direct else "INDIRECT")


def _named(lake: Lake, place: str) -> tuple[str, str]:
    inside = "://" in place or place.startswith("${") or os.path.isabs(place)
    whole = place if inside else f"{lake.root}/{place}"
    parts = urlparse(whole)
    if parts.scheme:
        return f"{parts.scheme}://{parts.netloc}", parts.path.lstrip("/")
    return "file", whole


def _source_of(column: str) -> str:
    problem, source, _ = column.removeprefix("column/").split(".", 2)
    return node("source", problem, source)


def _holds_events(path: str) -> bool:
    """True for a file that ``emit`` wrote, or an empty one."""
    with open(path, "rb") as file:
        first = file.readline()
    try:
        return not first or str(json.loads(first)["producer"]).startswith(OURS)
    except (ValueError, KeyError, TypeError):
        return False


def _to_file(client: Any, to: str) -> Any:
    from openlineage.client.transport.file import FileConfig, FileTransport

    return client.OpenLineageClient(transport=FileTransport(FileConfig(to, append=True)))


def _client() -> Any:
    try:
        from openlineage import client
        from openlineage.client.event_v2 import set_producer
    except ImportError as error:
        raise TrueriskError(
            "OpenLineage events need its client; install truerisk with its extra: "
            "pip install -e '.[lineage]'."
        ) from error
    set_producer(PRODUCER)
    return client
