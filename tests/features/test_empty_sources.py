"""A source whose files hold a header alone is zero rows of whatever type a later file brings."""

import pandas as pd
import pytest

import truerisk as tr

HEADER = "event_id,customer_id,seen_at,v\n"
APPLIED = "application_id,customer_id,applied_at,amount,note\n"
QUERY = "SELECT event_id, customer_id, seen_at, 2 * v AS v FROM '{path}' WHERE v > 0"
AGGREGATES = ["count", "sum(v)", "max(v)", "std(v)", "distinct(v)", "share where v > 3"]


@pytest.fixture
def build(tmp_path, lake, make_problem):
    """Features of two applications over a file of events with this text, by path or query."""

    def build_(events, customers=(1, 2), query=False):
        (tmp_path / "events.csv").write_text(events)
        rows = [f"{i},{c},2024-01-01,5,\n" for i, c in enumerate(customers)]
        (tmp_path / "applications.csv").write_text(APPLIED + "".join(rows))
        path = f"{tmp_path}/events.csv"
        how = {"query": QUERY.format(path=path)} if query else {"path": path}
        sources = {
            "applications": {"path": f"{tmp_path}/applications.csv"},
            "events": {**how, "key": "event_id", "time": "seen_at"},
        }
        by = {"source": "events", "by": "customer_id"}
        features = {
            "columns": ["amount", "note"],
            "derived": {"low": "lower(note)", "more": "coalesce(events__v, 1) + amount"},
            "latest": [{**by, "columns": ["v"]}],
            "window": [{**by, "over": ["30d"], "compute": AGGREGATES}],
        }
        problem = make_problem(sources=sources, features=features)
        keys = pd.DataFrame({"application_id": range(len(customers))})
        made = tr.build_features(problem, keys, lake)
        store = str(tmp_path / "store.sqlite")
        tr.online.sync_online(problem, lake, store)
        given = {"customer_id": customers[0], "amount": 5, "note": None}
        online = tr.online.features_for(problem, given, "2024-01-01", store=store)
        assert {k: str(v) for k, v in online.items()} == {
            k: str(v) for k, v in made.iloc[0].drop("application_id").items()
        }
        return made

    return build_


@pytest.mark.slow
@pytest.mark.parametrize("query", [False, True])
@pytest.mark.parametrize("customers", [(1, 2), ("C1", "C2")])
def test_a_header_alone_is_zero_rows(build, customers, query):
    made = build(HEADER, customers, query)
    assert made["events__count__30d"].tolist() == [0, 0]
    assert made["more"].tolist() == [6, 6]
    assert made.filter(regex="sum|max|std|distinct|share|__v$").isna().all().all()


@pytest.mark.slow
@pytest.mark.parametrize(("v", "seen"), [("4.5", 9.0), ("7", 14.0)])
def test_a_later_file_brings_the_types(build, v, seen):
    build(HEADER, query=True)
    made = build(f"{HEADER}1,1,2023-12-31,{v}\n", query=True)
    assert made["events__v"].tolist()[0] == seen and made["events__sum_v__30d"].tolist()[0] == seen


def test_a_column_that_nothing_fills_adds_as_null(build):
    made = build(f"{HEADER}1,1,2023-12-31,\n2,1,2023-12-31,  \n")
    assert made["events__count__30d"].tolist() == [2, 0]
    assert made["events__sum_v__30d"].isna().all()
