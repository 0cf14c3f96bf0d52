"""Types are definitions: the same for one row, for a null and for a million."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import truerisk as tr
from truerisk.errors import ProblemError, SourceError
from truerisk.features.build import build_features
from truerisk.features.dataset import build_dataset
from truerisk.features.definitions import with_features_of
from truerisk.lake.lake import Lake
from truerisk.lake.sources.declared import brought
from truerisk.lake.sources.sources import Sources
from truerisk.problem.spec import Problem

Make = Callable[..., Problem]
HUGE = 2**53  # from here on a double is no longer one whole number
DAYS = pd.date_range("2024-03-01", periods=4, tz="UTC")


def applications(**columns: Any) -> pa.Table:
    held = {"application_id": pa.array(range(4)), "applied_at": pa.array(DAYS)}
    return pa.table(held | {"customer_id": pa.array([HUGE, HUGE + 1, None, HUGE]), **columns})


def events(**columns: Any) -> pa.Table:
    held = {
        "event_id": pa.array(range(3)),
        "customer_id": pa.array([HUGE, HUGE + 1, HUGE + 2]),
        "happened_at": pa.array(DAYS[[0, 0, 0]] - pd.Timedelta("1h")),
    }
    return pa.table({**held, **columns})


@pytest.fixture
def problem(tmp_path: Path, make_problem: Make) -> Callable[..., Problem]:
    """A problem over two tables, written as Parquet that keeps NaN."""

    def problem_(ours: pa.Table, theirs: pa.Table | None = None, **features: Any) -> Problem:
        pq.write_table(ours, tmp_path / "applications.parquet")
        pq.write_table(events() if theirs is None else theirs, tmp_path / "events.parquet")
        time = {"key": "event_id", "time": "happened_at"}
        return make_problem(
            sources={
                "applications": {"path": f"{tmp_path}/applications.parquet"},
                "events": {"path": f"{tmp_path}/events.parquet", **time},
            },
            features={"columns": [], **features},
        )

    return problem_


def assert_same(online: dict[str, Any], built: pd.Series) -> None:
    for name, value in online.items():
        assert value == built[name] or (pd.isna(value) and pd.isna(built[name])), name


def window(*compute: str, by: str = "customer_id") -> list[dict[str, Any]]:
    return [{"source": "events", "by": by, "over": ["9d"], "compute": list(compute)}]


@pytest.mark.slow
def test_a_derived_feature_does_not_hang_on_its_neighbours(
    problem: Callable[..., Problem], lake: Lake, tmp_path: Path
) -> None:
    derived = {
        "thousands": "amount // 1000",
        "tag": "concat('T', term)",
        "decimal": "CAST(rate AS VARCHAR)",
        "unknown": "CASE WHEN amount < 0 THEN tag END",
    }
    columns = {
        "amount": pa.array([1250, None, 2999, -1]),
        "term": pa.array([36, 60, None, 12], pa.int32()),
        "rate": pa.array([None, None, 1, 2], pa.decimal128(6, 2)),
    }
    held = problem(applications(**columns), derived=derived)
    whole = build_features(held, pd.DataFrame({"application_id": range(4)}), lake)
    assert whole["thousands"].tolist()[::2] == [1.0, 2.0]
    assert whole["tag"].tolist() == ["T36", "T60", "T", "T12"]
    assert whole["decimal"].tolist()[2:] == ["1.00", "2.00"]
    store = tmp_path / "store.sqlite"
    tr.online.sync_online(held, lake, store)
    for i in range(4):
        one = build_features(held, pd.DataFrame({"application_id": [i]}), lake)
        pd.testing.assert_frame_equal(one, whole.iloc[[i]].reset_index(drop=True))
        given_ = {c: columns[c][i].as_py() for c in columns}
        for asked in (given_, {c: v if v is None else float(v) for c, v in given_.items()}):
            online = tr.online.features_for(held, asked, DAYS[i], lake, store)
            assert all(
                online[n] == v or pd.isna(v) == pd.isna(online[n])
                for n, v in one.iloc[0].items()
                if n != "application_id"
            )
    with pytest.raises(
        SourceError, match=r'"amount" came as float that cannot be taken for .*BIGINT'
    ):
        tr.online.features_for(held, {**given_, "amount": 12.5}, DAYS[0], lake, store)
    with pytest.raises(SourceError, match=r"holds DOUBLE, .* BIGINT, which 1 of 2 values"):
        spine = {"application_id": [0, 1], "applied_at": DAYS[:2], "amount": [12.5, None]}
        build_features(held, pd.DataFrame(spine), lake)


def test_ids_above_2_to_the_53_do_not_meet_each_other(
    problem: Callable[..., Problem], lake: Lake
) -> None:
    theirs = events(n=pa.array([1, 2, 3]))
    latest = [{"source": "events", "by": "customer_id", "columns": ["n"]}]
    held = problem(applications(), theirs, latest=latest, window=window("sum(n)"))
    spine = pd.DataFrame({"application_id": range(4)})
    built = build_features(held, spine, lake)
    assert built["events__n"].fillna(-1).tolist() == [1, 2, -1, 1]
    assert built["events__sum_n__9d"].fillna(-1).tolist() == [1, 2, -1, 1]


@pytest.mark.slow
def test_types_of_keys_agree_or_are_refused_by_name(
    problem: Callable[..., Problem], lake: Lake
) -> None:
    spine = pd.DataFrame({"application_id": range(4)})
    doubles = events(customer_id=pa.array([1.0, 2.0, 3.0]))
    ours = applications(customer_id=pa.array([1, 2, None, 4]))
    built = build_features(problem(ours, doubles, window=window("count")), spine, lake)
    assert built["events__count__9d"].tolist() == [1, 1, 0, 0]
    for ids, said in (
        (pa.array([1.0, 2.5, 3.0]), r'"customer_id" holds DOUBLE, .* which 1 of 3 values cannot'),
        (pa.array([1.0, 2.0, float(HUGE)]), "which 1 of 3 values cannot be"),
        (pa.array(["1", "2", "3"]), r"holds VARCHAR .* holds BIGINT; .*customer_id = .*\"text\""),
    ):
        with pytest.raises(SourceError, match=said):
            build_features(
                problem(ours, events(customer_id=ids), window=window("count")), spine, lake
            )


def test_texts_that_are_numbers_in_another_dress_get_their_line() -> None:
    """A batch whose numbers came with a mark between thousands, after a training without."""
    for amount, line in (
        ("5,000", r', or write amount = \{ type = "integer", th'),
        ("abc", r"\.$"),
    ):
        frame = pd.DataFrame({"amount": [amount]})
        with pytest.raises(SourceError, match=f"1 of 1 value cannot be; correct them{line}"):
            brought(frame, {"amount": "BIGINT"}, "here", "the model was trained with")


def test_nan_is_null_in_windows_filters_and_derived_features(
    problem: Callable[..., Problem], lake: Lake, tmp_path: Path
) -> None:
    """Parquet keeps NaN and leaves it out of least and greatest; engines must not fall for it."""
    odd = pa.array(np.array([1.0, np.nan, 20.0]), from_pandas=False)
    theirs = events(customer_id=pa.array([1, 1, 1]), ratio=odd, single=odd.cast(pa.float32()))
    assert theirs["ratio"].null_count == 0
    ours = applications(
        customer_id=pa.array([1] * 4), mine=pa.array(np.array([np.nan] * 4), from_pandas=False)
    )
    compute = [f"{f}({c})" for f in ("sum", "max", "min", "mean") for c in ("ratio", "single")]
    compute += ["share where ratio > 10", "share where single > 10", "distinct(ratio)"]
    derived = {"big": "mine > 10", "filled": "coalesce(mine, 7)"}
    held = problem(ours, theirs, window=window(*compute), derived=derived, columns=["mine"])
    row = build_features(held, pd.DataFrame({"application_id": [3]}), lake).iloc[0]
    wanted = {"sum": 21.0, "max": 20.0, "min": 1.0, "mean": 10.5}
    for function, value in wanted.items():
        assert (
            row[f"events__{function}_ratio__9d"] == row[f"events__{function}_single__9d"] == value
        )
    assert row["events__share_where_ratio_gt_10__9d"] == 1 / 3
    assert row["events__share_where_single_gt_10__9d"] == 1 / 3
    assert row["events__distinct_ratio__9d"] == 2
    assert (pd.isna(row["big"]), row["filled"], pd.isna(row["mine"])) == (True, 7.0, True)
    store = tmp_path / "store.sqlite"
    tr.online.sync_online(held, lake, store)
    online = tr.online.features_for(held, {"customer_id": 1, "mine": np.nan}, DAYS[3], lake, store)
    assert_same(online, row)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            pa.array([[1], [2], None, []], pa.list_(pa.int64())),
            r"holds BIGINT\[\], and a model takes",
        ),
        (pa.array([{"a": 1}] * 4), "holds STRUCT.*, and a model takes numbers and texts"),
        (pa.array([b"x"] * 4), "holds BLOB, and a model takes numbers and texts"),
        (pa.array([0] * 4, pa.time64("us")), "is a time; derive a number from it"),
        (pa.array([None] * 4, pa.date32()), "is a time; derive a number from it"),
    ],
)
def test_what_no_model_can_take_is_one_sentence(
    values: pa.Array, said: str, problem: Callable[..., Problem], lake: Lake
) -> None:
    spine = pd.DataFrame({"application_id": [0]})
    for features in ({"columns": ["odd"]}, {"derived": {"made": "odd"}}):
        with pytest.raises(ProblemError, match=said):
            build_features(problem(applications(odd=values), **features), spine, lake)
    with pytest.raises(ProblemError, match="is a time"):
        made = {"made": "INTERVAL 1 DAY"}
        build_features(problem(applications(), derived=made), spine, lake)


@pytest.mark.slow
def test_a_model_reads_later_files_in_the_types_it_was_trained_with(
    tmp_path: Path, make_problem: Make, lake: Lake
) -> None:
    path = tmp_path / "applications.csv"
    outcomes = pd.DataFrame(
        {"application_id": range(40), "observed_at": "2024-03-20", "defaulted": [0, 1] * 20}
    )
    rows = pd.DataFrame(
        {
            "application_id": range(40),
            "customer_id": range(40),
            "applied_at": "2024-03-01",
            "amount": 1000,
            "branch": ["007", "A1"] * 20,
        }
    )
    rows.to_csv(path, index=False)
    outcomes.to_csv(tmp_path / "outcomes.csv", index=False)
    problem = make_problem(
        sources={
            "applications": {"path": str(path)},
            "outcomes": {"path": f"{tmp_path}/outcomes.csv"},
        },
        features={"columns": ["branch", "amount"]},
    )
    defined = build_dataset(problem, lake, "2024-12-01").definition
    rows.iloc[::2].to_csv(path, index=False)  # only digits on this day
    for about, wanted in ((problem, None), (with_features_of(problem, defined), "007")):
        built = build_features(about, pd.DataFrame({"application_id": [0]}), lake)
        assert wanted is None or built["branch"].tolist() == [wanted]
    rows.assign(amount=["1000", "x"] * 20).to_csv(path, index=False)
    with pytest.raises(SourceError, match=r'"amount" holds VARCHAR, and .* 20 of 40 values cannot'):
        build_features(
            with_features_of(problem, defined), pd.DataFrame({"application_id": [0]}), lake
        )


OURS = ["t", "k", "id", "seen", "row_id", "as_of", "entity", "bucket", "back", "place", "n", "time"]
OURS += ["key", "frame", "value", "spine", "events", "wanted", "decision_id", "batch", "rule", "e"]
OURS += ["s", "c_t", "is_0", "previous_0", "added", "available", "select", "from", "order", "a b"]
OURS += ['q"uote', "Ümlaut", "T", "group", "1st", "spine_1", "raw_events", "source_events", "f0"]


@pytest.mark.slow
@settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(names=st.lists(st.sampled_from(OURS), min_size=7, max_size=7, unique_by=str.lower))
def test_our_names_never_meet_a_lenders(
    names: list[str], tmp_path: Path, make_problem: Make, lake: Lake
) -> None:
    key, time, who, mine, event_key, event_time, value = names
    ours = pa.table({key: [1, 2], time: pa.array(DAYS[:2]), who: [7, 8], mine: [0.5, 1.5]})
    theirs = pa.table(
        {
            event_key: [5, 6, 4],
            event_time: pa.array(DAYS[[0, 0, 1]] - pd.Timedelta("2h")),
            who: [7, 8, 8],
            value: [10.0, 20.0, 30.0],
        }
    )
    pq.write_table(ours, tmp_path / "a.parquet")
    pq.write_table(theirs, tmp_path / "e.parquet")
    word = value if value.isidentifier() else None
    compute = ["count", *([f"sum({word})", f"distinct({word})"] if word else [])]
    window_ = {"source": "events", "by": who, "over": ["9d"], "compute": compute}
    problem = make_problem(
        sources={
            "applications": {"path": f"{tmp_path}/a.parquet", "key": key, "time": time},
            "events": {"path": f"{tmp_path}/e.parquet", "key": event_key, "time": event_time},
        },
        application={"subject": who},
        features={
            "columns": [mine],
            "latest": [{"source": "events", "by": who, "columns": [value, event_key]}],
            "window": [window_],
        },
    )
    with Sources(problem, lake):
        built = build_features(problem, pd.DataFrame({key: [2, 1]}), lake)
    assert built[key].tolist() == [2, 1]
    assert built[mine].tolist() == [1.5, 0.5]
    assert built[f"events__{value}"].tolist() == [30.0, 10.0]
    assert built[f"events__{event_key}"].tolist() == [4.0, 5.0]
    assert built["events__count__9d"].tolist() == [2.0, 1.0]
    if word:
        assert built[f"events__sum_{word}__9d"].tolist() == [50.0, 10.0]
