"""Each file once, each row accounted for; a file that cannot be trusted changes nothing."""

import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lake.ingest.visits import counts, visits
from truerisk.errors import LakeError, ProblemError, SourceError
from truerisk.lake.ingest import ingest as ingest_module
from truerisk.lake.ingest.ingest import Ingested, ingest
from truerisk.lake.ingest.new_files import NewFile, find_new_files
from truerisk.lake.lake import Lake, open_lake

Bring = Callable[..., Ingested]
Put = Callable[..., Path]


def written(lake: Lake) -> list[str]:
    root = Path(lake.root)
    return sorted(str(p.relative_to(root)) for p in root.rglob("*")) if root.exists() else []


def refusal(bring: Bring, lake: Lake, *given_: Any, **more: Any) -> str:
    """The sentence of a file that is refused whole, which leaves the lake as it was."""
    before = written(lake)
    with pytest.raises(SourceError) as refused:
        bring(*given_, **more)
    assert written(lake) == before
    message = str(refused.value)
    assert message.startswith('small.toml: source "visits", file /') and message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.slow
def test_the_same_content_is_ingested_once_whatever_its_name(bring: Bring, lake: Lake) -> None:
    assert counts(bring(visits(1, 2))) == (2, 0, 0)
    version = lake.version("visits")
    assert bring(visits(1, 2), "copy.csv").said == ["visits: nothing new, 1 file known."]
    assert (lake.version("visits"), len(lake.read("ingests"))) == (version, 1)


@pytest.mark.slow
def test_the_record_says_what_became_of_the_file(bring: Bring, lake: Lake) -> None:
    bring(visits(1, 2, x=[1.0, -1.0]), contract={"x": {"min": 0}}, rules={"max_rejected": 1})
    [row] = lake.read("ingests").to_dict("records")
    assert (row["rows"], row["accepted"], row["rejected"], row["already_held"]) == (2, 1, 1, 0)
    assert (row["source"], row["table"], row["table_version"]) == ("visits", "visits", 1)
    assert row["newest"] == pd.Timestamp("2024-03-10 12:00", tz="UTC")
    assert row["file"].endswith("visits.csv") and len(row["sha256"]) == 64


@pytest.mark.slow
def test_rows_that_come_again_are_held_and_rows_that_changed_are_rejected(
    bring: Bring, lake: Lake
) -> None:
    bring(visits(1, 2, 3, x=["a", None, "c"]))
    done = bring(visits(1, 2, 3, 4, x=["a", None, "C", "d"]), "b.csv", rules={"max_rejected": 0.3})
    assert counts(done) == (1, 1, 2)
    assert lake.read("quarantine")["reason"].tolist() == [
        'column "visit" is held by the table already with other values'
    ]
    assert lake.read("visits").sort_values("visit")["x"].tolist()[2:] == ["c", "d"]


@pytest.mark.slow
def test_a_key_that_repeats_in_a_file_counts_once_or_not_at_all(bring: Bring, lake: Lake) -> None:
    rows = visits(1, 1, 2, 2, 3, x=["a", "a", "b", "B", "c"])
    done = bring(rows, rules={"max_rejected": 0.5})
    assert counts(done) == (2, 2, 1)
    assert sorted(lake.read("visits")["visit"]) == [1, 3]
    assert set(lake.read("quarantine")["rule"]) == {"key_repeated"}


CELLS = st.tuples(
    st.sampled_from(["1", "2", "3", "4", "", "x"]),
    st.sampled_from(["2024-01-01", "2024-01-02", "", "soon"]),
    st.sampled_from(["1", "2", "", "-1", "y"]),
)
FILES = st.lists(st.lists(CELLS, min_size=1, max_size=8), min_size=1, max_size=3)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=FILES)
def test_no_row_is_lost_or_counted_twice(
    files: Any, tmp_path_factory: pytest.TempPathFactory, make_problem: Callable[..., Any]
) -> None:
    """rows = accepted + rejected + held for every file; an oracle in plain Python agrees."""
    folder = tmp_path_factory.mktemp("files")
    lake = open_lake(folder / "lake")
    contract = {
        "visit": {"type": "integer"},
        "at_": {"type": "time"},
        "x": {"type": "float", "min": 0},
    }
    place = {"table": "visits", "key": "visit", "time": "at_", "contract": contract}
    problem = make_problem(sources={"visits": {**place, "ingest": {"max_rejected": 1}}})
    held: dict[str, tuple[str, ...]] = {}
    for i, rows in enumerate(files):
        file = folder / f"{i}.csv"
        file.write_text("visit,at_,x\n" + "".join(",".join(row) + "\n" for row in rows))
        [[new]] = find_new_files(problem, lake, {"visits": [str(file)]}).groups or [[None]]
        if new is None:
            continue
        [done] = ingest(problem, lake, [new])
        assert counts(done) == _oracle(rows, held)
        assert done.rows == len(rows)
    kept = lake.read("visits") if lake.version("visits") is not None else visits()
    assert sorted(map(str, kept["visit"])) == sorted(held)
    if lake.version("quarantine") is not None:
        quarantined = lake.read("quarantine")
        assert len(quarantined) == lake.read("ingests")["rejected"].sum()


def _oracle(rows: list[tuple[str, ...]], held: dict[str, tuple[str, ...]]) -> tuple[int, int, int]:
    """Judges row by row; adds what is accepted to ``held``."""
    good = [r for r in rows if r[0] in "1234" and r[0] and r[1][:2] == "20" and r[2] in "12"]
    fresh: dict[str, list[tuple[str, ...]]] = {}
    same = 0
    for row in good:
        if row[0] not in held:
            fresh.setdefault(row[0], []).append(row)
        same += held.get(row[0]) == row
    once = {k: v[0] for k, v in fresh.items() if len(set(v)) == 1}
    same += sum(len(fresh[k]) - 1 for k in once)
    held.update(once)
    return len(once), len(rows) - len(once) - same, same


@pytest.mark.slow
def test_too_many_rejected_rows_refuse_the_file_with_the_reasons(bring: Bring, lake: Lake) -> None:
    bring(visits(100))
    rows = visits(*range(50), x=[-1] * 10 + [1] * 40)
    said = refusal(bring, lake, rows, contract={"x": {"min": 0}})
    assert "10 of 50 rows break the contract, 20.0% where max_rejected allows 5.0%" in said
    assert 'column "x" is below 0 in 10 rows (row 1, 2, 3, …); nothing was ingested' in said
    assert "set sources.visits.ingest.max_rejected" in said
    assert counts(bring(rows, contract={"x": {"min": 0}}, rules={"max_rejected": 0.2})) == (
        40,
        10,
        0,
    )


@pytest.mark.slow
def test_far_more_or_fewer_rows_than_usual_refuse_the_file(bring: Bring, lake: Lake) -> None:
    rules = {"row_change": 0.5}
    for day in range(3):  # two batches would not tell what is usual
        bring(visits(*range(100 * day, 100 * day + 10 + 20 * (day == 1))), rules=rules)
    said = refusal(bring, lake, visits(*range(900, 904)), rules=rules)
    assert (
        "has 4 rows where earlier batches had 10 (their median), -60% where row_change allows"
        in (said)
    )
    assert "raise sources.visits.ingest.row_change if it is right" in said
    done = bring(visits(*range(900, 904)))
    assert "- volume -60%, 4 rows against 10" in done.said


@pytest.mark.slow
def test_old_events_are_said_and_kept_not_refused(bring: Bring, lake: Lake) -> None:
    done = bring(visits(1), freshness="1d")
    assert "- stale: the newest at_ is 2024-03-10 12:00, and freshness is 1d" in done.said
    assert json.loads(lake.read("ingests")["flags"][0])[0]["kind"] == "stale"


@pytest.mark.parametrize("missing", ["visit", "at_", "x", "loaded"])
def test_a_file_without_a_column_that_is_needed_is_refused(
    missing: str, bring: Bring, lake: Lake
) -> None:
    rows = visits(1, x=[1], loaded=["2024-03-11"]).drop(columns=missing)
    said = refusal(bring, lake, rows, contract={"x": {}}, available_at="loaded")
    assert f'has no column "{missing}"' in said and "nothing was ingested" in said


@pytest.mark.slow
def test_the_first_file_makes_the_table_with_the_types_of_the_contract(
    bring: Bring, lake: Lake
) -> None:
    rows = visits(
        *[1, 2], i=["007", "8"], f=["1", "2"], m=["1.10", "2"], t=["01", "x"], b=["true", "false"],
        d=["2024-01-01", ""], guess=["01", "2"], whole=["10", ""], number=["1", "2.5"],
    )  # fmt: skip
    kinds = {"i": "integer", "f": "float", "m": "money", "t": "text", "b": "boolean", "d": "time"}
    bring(rows, contract={c: {"type": k} for c, k in kinds.items()})
    with open_lake(lake.root) and __import__("duckdb").connect() as con:
        relation = lake.scan(con, "visits")
        found = dict(zip(relation.columns, map(str, relation.types)))
    assert found == {
        "visit": "BIGINT", "at_": "TIMESTAMP WITH TIME ZONE", "i": "BIGINT", "f": "DOUBLE",
        "m": "DOUBLE", "t": "VARCHAR", "b": "BOOLEAN", "d": "TIMESTAMP WITH TIME ZONE",
        "guess": "VARCHAR", "whole": "BIGINT", "number": "DOUBLE",
    }  # fmt: skip


@pytest.mark.slow
def test_times_of_any_zone_are_kept_in_utc(bring: Bring, lake: Lake) -> None:
    bring("visit,at_\n1,2024-03-10T14:00:00+02:00\n2,2024-03-10T12:00:00Z\n")
    kinds = pa.array([1710072000000], pa.timestamp("ms", "America/New_York"))
    bring(pa.table({"visit": [3], "at_": kinds}), "b.parquet")
    assert set(lake.read("visits")["at_"]) == {pd.Timestamp("2024-03-10 12:00", tz="UTC")}


@pytest.mark.slow
def test_money_with_decimals_stays_exact(bring: Bring, lake: Lake) -> None:
    amounts = pa.array([Decimal("0.10"), Decimal("12345678901234.05")], pa.decimal128(18, 2))
    rows = pa.Table.from_pandas(visits(1, 2)).append_column("m", amounts)
    bring(rows, "a.parquet", contract={"m": {"type": "money"}})
    assert lake.read("visits")["m"].tolist() == amounts.to_pylist()
    done = bring("visit,at_,m\n3,2024-01-01,1.239\n", "b.csv", rules={"max_rejected": 1})
    assert counts(done) == (0, 1, 0)  # not rounded


@pytest.mark.slow
def test_a_new_column_is_taken_and_said_and_old_rows_hold_null(bring: Bring, lake: Lake) -> None:
    bring(visits(1, x=["a"]))
    done = bring(visits(2, y=["b"]), "b.csv")
    assert '- new column "y"' in done.said
    assert '- column "x" is missing, its rows hold null' in done.said
    assert json.loads(lake.read("ingests").sort_values("at")["new_columns"].iloc[-1]) == ["y"]
    assert lake.read("visits").sort_values("visit")["y"].tolist()[1] == "b"


@pytest.mark.slow
def test_whole_numbers_are_welcome_where_the_table_holds_float(bring: Bring, lake: Lake) -> None:
    bring(visits(1, x=[1.5]), "a.parquet")
    assert counts(bring(visits(2, x=[2]), "b.parquet")) == (1, 0, 0)
    bring(visits(3, n=[3]), "c.parquet")
    assert counts(bring(visits(4, 5, n=[4.0, None]), "d.parquet")) == (2, 0, 0)


CHANGES: dict[str, tuple[list[Any], list[Any], str]] = {
    "whole to text": ([1], ["a"], "holds VARCHAR where the lake table holds BIGINT"),
    "text to whole": (["a"], [1], "holds BIGINT where the lake table holds VARCHAR"),
    "true to whole": ([1], [True], "holds BOOLEAN where the lake table holds BIGINT"),
    "time to float": ([1.5], [pd.Timestamp("2024")], "where the lake table holds DOUBLE"),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_type_is_refused_with_a_way_out(change: str, bring: Bring, lake: Lake) -> None:
    first, then, expected = CHANGES[change]
    bring(visits(1, x=first), "a.parquet")
    said = refusal(bring, lake, visits(2, x=then), "b.parquet")
    assert expected in said
    assert "in the file, or give the source a new table for the new type" in said


@pytest.mark.slow
def test_numbers_with_fractions_do_not_enter_a_column_of_whole_numbers(
    bring: Bring, lake: Lake
) -> None:
    bring(visits(1, x=[1]), "a.parquet")
    said = refusal(bring, lake, visits(2, x=[6.5]), "b.parquet")
    assert "1 of 1 ro" in said and 'write x = { type = "float" } in its contract' in said


@pytest.mark.slow
def test_a_contract_that_the_table_contradicts_is_named(bring: Bring, lake: Lake) -> None:
    bring(visits(1, x=["a"]))
    said = refusal(bring, lake, visits(2, x=["1"]), "b.csv", contract={"x": {"type": "float"}})
    assert 'the lake table holds VARCHAR in column "x", and the contract says float' in said


GOOD = visits(*range(500)).to_csv(index=False).encode()
BROKEN: dict[str, tuple[str, bytes, str]] = {
    "parquet": ("a.parquet", b"PAR1 and no more", "cannot be read"),
    "fields": ("a.csv", b"visit,at_,x\n1,2024-01-01,1\n2,2024-01-01\n", "line 3 has 2 fields"),
    "long": (
        "a.csv",
        b"visit,at_\n1,2024-01-01,Ana\n",
        "line 2 has 3 fields where the header has 2",
    ),
    "quote": ("a.csv", b'visit,at_,x\n1,2024-01-01,"Ana', "opens a quote that never ends"),
    "latin": ("a.csv", "visit,at_,x\n1,2024-01-01,Zoë\n".encode("latin-1"), "is not UTF-8"),
    "latin header": ("a.csv", "visit,at_,ë\n1,2024-01-01,1\n".encode("latin-1"), "is not UTF-8"),
    "gzip": ("a.csv.gz", gzip.compress(GOOD)[:-30], "cannot be read"),
    "no gzip": ("a.csv.gz", GOOD, "cannot be read"),
    "zones": ("a.csv", b"visit,at_\n1,2024-01-01T10:00:00Z\n2,2024-01-01\n", "mixes times with an"),
    "empty": ("a.csv", b"", "has no header"),
    "twice": ("a.csv", b"visit,at_,x,X\n1,2024-01-01,1,2\n", 'column "x" is there more than once'),
    "space": ("a.csv", b"visit,at_,my x\n1,2024-01-01,1\n", "is no name for a lake table's column"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_cannot_be_trusted_is_refused_whole(
    kind: str, bring: Bring, lake: Lake
) -> None:
    name, content, expected = BROKEN[kind]
    said = refusal(bring, lake, content, name)
    assert expected in said and name in said
    assert "Ana" not in said, "a message quotes no data"
    bring(visits(7))
    refusal(bring, lake, content, name)


def test_a_truncated_parquet_is_refused(bring: Bring, lake: Lake, put: Put) -> None:
    whole = put("whole.parquet", visits(*range(1000))).read_bytes()
    assert "cannot be read" in refusal(bring, lake, whole[: len(whole) // 2], "a.parquet")
    middle = whole[:200] + b"\x00" * 400 + whole[600:]
    assert "cannot be read" in refusal(bring, lake, middle, "b.parquet")


@pytest.mark.slow
def test_csv_as_people_write_it_is_read(bring: Bring, lake: Lake) -> None:
    bring('\ufeffvisit;at_;x\n1;2024-01-01;"a;""b"""\n', "a.csv")
    bring(gzip.compress(b"visit,at_,x\r\n2,2024-01-01,c\r\n"), "b.csv.gz")
    assert lake.read("visits").sort_values("visit")["x"].tolist() == ['a;"b"', "c"]
    done = bring("visit,at_,x\n3,2024-01-01,12", "c.csv")
    assert "- its last line has no line end; it may have been cut short" in done.said


@pytest.mark.slow
def test_files_go_in_name_order_and_a_refused_one_says_what_went_before(
    put: Put, lake: Lake, make_problem: Callable[..., Any], tmp_path: Path
) -> None:
    put("in1.csv", visits(1))
    put("in2.csv", "visit\n2\n")
    put("in3.csv", visits(3))
    ingest_ = {"path": str(tmp_path / "in*.csv")}
    place = {"table": "visits", "key": "visit", "time": "at_", "ingest": ingest_}
    problem = make_problem(sources={"visits": place})
    [files] = find_new_files(problem, lake).groups
    with pytest.raises(SourceError, match=r"in2\.csv has no column .*; ingested before it: .*in1"):
        ingest(problem, lake, files)
    assert lake.read("visits")["visit"].tolist() == [1]
    (tmp_path / "in2.csv").unlink()
    [[left]] = find_new_files(problem, lake).groups
    assert left.file.endswith("in3.csv")


@pytest.mark.slow
def test_a_query_fills_a_table_with_what_is_new_in_it(
    put: Put, lake: Lake, make_problem: Callable[..., Any]
) -> None:
    file = put("raw.csv", "id,day,kind\n1,2024-01-01,a\n2,2024-01-02,b\n3,2024-01-03,a\n")
    query = f"SELECT id AS visit, CAST(day AS TIMESTAMP) AS at_ FROM '{file}' WHERE kind = 'a'"
    place = {"table": "visits", "key": "visit", "time": "at_", "ingest": {"query": query}}
    problem = make_problem(sources={"visits": place})

    def run() -> Ingested:
        [files] = find_new_files(problem, lake).groups
        return ingest(problem, lake, files)[0]

    assert counts(run()) == (2, 0, 0)
    assert run().said == ["visits: nothing new, its query was ingested."]
    file.write_text(file.read_text() + "4,2024-01-04,a\n")
    assert counts(run()) == (1, 0, 2)


def test_sources_that_refer_to_each_other_are_ingested_in_that_order(
    put: Put, lake: Lake, make_problem: Callable[..., Any], tmp_path: Path
) -> None:
    for name in ("applications", "outcomes", "visits"):
        put(f"{name}.csv", "application_id\n1\n")
    key = {"application_id": {"references": "applications.application_id"}}
    sources = {
        n: {"key": "application_id", "time": "t", "table": n, "contract": c,
            "ingest": {"path": str(tmp_path / f"{n}.csv")}}
        for n, c in {"outcomes": key, "visits": {}, "applications": {}}.items()
    }  # fmt: skip
    groups = find_new_files(make_problem(sources=sources), lake).groups
    assert sorted([f.source for f in g] for g in groups) == [
        ["applications", "outcomes"],
        ["visits"],
    ]


def test_what_there_is_nothing_to_ingest_from_is_named(
    lake: Lake, make_problem: Callable[..., Any], put: Put
) -> None:
    problem = make_problem()
    with pytest.raises(ProblemError, match="no source says where new rows come from"):
        find_new_files(problem, lake)
    with pytest.raises(ProblemError, match='"loans"; its sources are applications or outcomes'):
        find_new_files(problem, lake, {"loans": ["a.csv"]})
    with pytest.raises(SourceError, match=r"none\.csv, and there is no such file"):
        find_new_files(problem, lake, {"outcomes": ["none.csv"]})
    with pytest.raises(SourceError, match=r"its name must end in \.csv, \.csv\.gz, \.jsonl"):
        find_new_files(problem, lake, {"outcomes": ["none.txt"]})
    assert find_new_files(problem, lake, {"outcomes": ["/none*.csv"]}).groups == []
    file = make_problem(sources={"visits": {"path": "a.csv", "key": "k", "time": "t"}})
    with pytest.raises(ProblemError, match='source "visits" is no lake table'):
        find_new_files(file, lake, {"visits": ["a.csv"]})
    unset = {"path": "${NO_SUCH_PLACE}/a.csv"}
    with pytest.raises(SourceError, match=r"needs \$\{NO_SUCH_PLACE\}, which is not set"):
        find_new_files(make_problem(sources={"outcomes": {"ingest": unset}}), lake)


def test_a_file_that_changes_while_it_is_read_is_refused(bring: Bring, lake: Lake) -> None:
    with pytest.raises(SourceError, match="changed while it was read"):
        file = Path(lake.root).parent / "visits.csv"
        real = ingest_module.read_file

        def slow(*given_: Any) -> Any:
            found = real(*given_)
            file.write_text("visit,at_\n9,2024-01-01\n")
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ingest_module, "read_file", slow)
            bring(visits(1))
    assert lake.version("visits") is None


@pytest.mark.slow
@pytest.mark.parametrize("dies_at", ["quarantine", "profiles", "ingests"])
def test_an_ingest_that_dies_between_commits_is_finished_by_the_next(
    dies_at: str, bring: Bring, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a kill after the rows were committed leaves is told from rows that were held before."""
    bring(visits(1, 2, x=[5.0, 6.0]), "before.csv")
    rows = visits(1, 3, 4, 5, x=[5.0, 7.0, -1.0, 8.0])
    settings_ = {"contract": {"x": {"min": 0}}, "rules": {"max_rejected": 0.5}}
    real = Lake.append

    def dying(self: Lake, table: str, *given_: Any) -> int:
        if table == dies_at:
            raise LakeError("killed.")
        return real(self, table, *given_)

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "append", dying)
        with pytest.raises(LakeError, match="killed"):
            bring(rows, **settings_)
    assert sorted(lake.read("visits")["visit"]) == [1, 2, 3, 5]
    bring(visits(6, x=[1.0]), "between.csv")  # another file meanwhile
    assert counts(bring(rows, **settings_)) == (2, 1, 1)
    assert sorted(lake.read("visits")["visit"]) == [1, 2, 3, 5, 6]
    assert len(lake.read("quarantine")) == 1
    assert len(lake.read("ingests")) == 3
    profiles = lake.read("profiles")
    assert profiles["profile_id"].is_unique and len(profiles) == 9
    assert bring(rows, **settings_).accepted == 0


@pytest.mark.slow
def test_two_ingests_that_meet_leave_each_row_once(
    lake: Lake, make_problem: Callable[..., Any], put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another ingest of an overlapping file commits between this one's judgement and its commit."""
    place = {"table": "visits", "key": "visit", "time": "at_", "ingest": {"max_rejected": 1}}
    problem = make_problem(sources={"visits": place})

    def new(name: str, rows: pd.DataFrame) -> list[NewFile]:
        return find_new_files(problem, lake, {"visits": [str(put(name, rows))]}).groups[0]

    mine, same = new("a.csv", visits(1, 2, 3)), new("a2.csv", visits(1, 2, 3))
    other = new("b.csv", visits(3, 4, 5).assign(at_="2024-05-05"))
    real, met = Lake.commit, []

    def commit(self: Lake, table: str, *given_: Any) -> int:
        if table == "visits" and not met:
            met.append(True)
            ingest(problem, lake, other)
            ingest(problem, lake, same)
        return real(self, table, *given_)

    monkeypatch.setattr(Lake, "commit", commit)
    [done] = ingest(problem, lake, mine)
    assert counts(done) == (2, 1, 0)
    assert sorted(lake.read("visits")["visit"]) == [1, 2, 3, 4, 5]
    assert len(lake.read("ingests")) == 2


@pytest.mark.slow
def test_every_type_that_parquet_has_is_kept_or_becomes_what_delta_has(
    bring: Bring, lake: Lake
) -> None:
    values: dict[str, Any] = {
        "u8": pa.array([1], pa.uint8()),
        "u64": pa.array([1], pa.uint64()),
        "i16": pa.array([1], pa.int16()),
        "f32": pa.array([0.1], pa.float32()),
        "day": pa.array([19792], pa.date32()),
        "clock": pa.array([1], pa.time64("us")),
        "ns": pa.array([1], pa.timestamp("ns")),
        "ns_utc": pa.array([1], pa.timestamp("ns", "UTC")),
        "blob": pa.array([b"\x00\xff"]),
        "items": pa.array([[1, 2]]),
        "pair": pa.array([{"a": 1}]),
        "kind": pa.array(["a"]).dictionary_encode(),
        "nothing": pa.nulls(1),
    }

    def table(key: int) -> pa.Table:
        rows = pa.Table.from_pandas(visits(key), preserve_index=False)
        for name, value in values.items():
            rows = rows.append_column(name, value)
        return rows

    assert counts(bring(table(1), "a.parquet")) == (1, 0, 0)
    assert counts(bring(table(2), "b.parquet")) == (1, 0, 0)
    done = bring(table(1).append_column("n", pa.array([1])), "c.parquet", rules={"max_rejected": 1})
    assert counts(done) == (0, 1, 0)
    assert not json.loads(lake.read("ingests").sort_values("at")["flags"].iloc[1])


@pytest.mark.slow
def test_a_file_without_rows_is_recorded_and_changes_nothing(bring: Bring, lake: Lake) -> None:
    assert counts(bring("visit,at_\n")) == (0, 0, 0)
    assert lake.version("visits") is None and len(lake.read("ingests")) == 1
    bring(visits(1), "b.csv")
    assert counts(bring(visits(1).head(0), "c.parquet")) == (0, 0, 0)
    assert lake.read("visits")["visit"].tolist() == [1]


@pytest.mark.slow
def test_a_name_that_differs_in_capitals_only_is_refused(bring: Bring, lake: Lake) -> None:
    bring(visits(1, amount=[1]))
    said = refusal(bring, lake, visits(2, Amount=[1]), "b.csv")
    assert 'column "Amount" is "amount" in the lake table; write it so in the file' in said


def test_a_contract_that_cannot_be_applied_is_one_sentence(bring: Bring, lake: Lake) -> None:
    said = refusal(bring, lake, visits(1, x=[1]), contract={"x": {"allowed": ["a"]}})
    assert "cannot be held against its contract" in said


@pytest.mark.slow
def test_an_index_and_columns_that_are_still_empty_are_left_out_and_said(
    bring: Bring, lake: Lake
) -> None:
    """A row sent again has another index; what is empty today may hold numbers tomorrow."""
    said = bring(",visit,at_,Unnamed: 0,__v,note,\n0,1,2024-01-01,5,x,,\n").said
    assert (
        "- left out, having no name or one that begins with __: column0, Unnamed: 0, __v"
        in (said[1].partition(", column6")[0])
    )
    assert said[2] == "- left out while empty, since nothing tells their type: note"
    assert {"visit", "at_"} == set(lake.read("visits").columns)
    again = bring(",visit,at_,Unnamed: 0,__v,note,\n7,1,2024-01-01,9,y,,\n8,2,2024-01-02,9,,7.5,\n")
    assert (again.accepted, again.already_held, again.rejected) == (1, 1, 0)
    notes = lake.read("visits").set_index("visit")["note"]
    assert notes[2] == 7.5 and pd.isna(notes[1])
