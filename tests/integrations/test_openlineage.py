"""The lake's runs as OpenLineage events, read back from what the standard's client wrote."""

import json
import uuid

import pytest

pytest.importorskip("openlineage.client")

from truerisk.integrations import openlineage
from truerisk.integrations.openlineage import emit


@pytest.fixture
def written(catalog, world, tmp_path):
    to = tmp_path / "events.jsonl"
    assert emit(catalog, world, str(to)) == emit(catalog, world, str(to)) == 4
    return [json.loads(line) for line in to.read_text().splitlines()]


@pytest.mark.slow
def test_one_event_per_run_in_order(written):
    assert [e["job"]["name"] for e in written] == [
        "small.ingest.payments",
        "small.ingest.payments",
        "small.train",
        "small.score",
    ]
    assert {e["eventType"] for e in written} == {"COMPLETE"}
    assert len({uuid.UUID(e["run"]["runId"]) for e in written}) == 4


@pytest.mark.slow
def test_inputs_carry_their_versions(written, world):
    train, score = written[2], written[3]
    assert [(i["name"], i["facets"]["version"]["datasetVersion"]) for i in train["inputs"]] == [
        (f"{world.root}/applications", "1")
    ]
    read = {i["name"]: i["facets"]["version"]["datasetVersion"] for i in score["inputs"]}
    assert read[f"{world.root}/payments"] == "2"
    assert {i["namespace"] for i in score["inputs"]} == {"file"}
    assert written[0]["inputs"][0]["name"].endswith("payments-0.csv")
    assert train["run"]["facets"]["tags"]["tags"][0]["value"] == "Train/7"


@pytest.mark.slow
def test_columns_have_their_lineage(written, world):
    fields = written[2]["outputs"][0]["facets"]["columnLineage"]["fields"]
    assert {f["field"] for f in fields["burden"]["inputFields"]} == {"amount", "income"}
    assert {t["type"] for f in fields["burden"]["inputFields"] for t in f["transformations"]} == {
        "DIRECT"
    }
    scored = written[3]["outputs"][0]
    assert scored["name"] == f"{world.root}/decisions/small"
    assert set(scored["facets"]["columnLineage"]["fields"]) == {
        "feature__burden",
        "feature__squared",
        "score",
    }


@pytest.mark.slow
def test_what_finds_rows_is_indirect(catalog, world, problem):
    from truerisk.integrations.openlineage import _columns

    read = {c: direct for _, c, direct in _columns(catalog, problem, "payments__late_paid__30d")}
    assert read == {"customer_id": False, "late": False, "paid": True, "paid_at": False}


def test_only_a_file_of_events_is_replaced(tmp_path):
    file = tmp_path / "events.jsonl"
    for held, ours in (("", True), ('{"producer": "urn:truerisk:0.1"}', True), ('{"a": 1}', False)):
        file.write_text(held)
        assert openlineage._holds_events(str(file)) is ours
