"""A log is measured alike from a frame, an Arrow table or reader, and a file of any kind."""

from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

import truerisk as tr
from tests.monitoring.conftest import KNOWN_AT
from tests.monitoring.conftest import log as ledger  # noqa: F401
from truerisk.errors import LogError
from truerisk.measurement.evidence.source import as_frame

KINDS = ("table", "reader", "parquet", "feather", "csv")
SISTERS = {
    "measure": lambda log: tr.measure(
        log, by=["feature__purpose"], flagging=tr.Flagging(thresholds=[0.2])
    ),
    "vintages": lambda log: tr.vintages(log, timedelta(days=180), KNOWN_AT),
    "watch": lambda log: tr.watch(log, {"auc": 0.7}),
    "fairness": lambda log: tr.fairness(log, "feature__purpose"),
    "perfect_model": lambda log: tr.worth.perfect_model(log),
    "policy_dollars": lambda log: tr.worth.policy_dollars(log),
}


@pytest.fixture(scope="module")
def given(ledger):  # noqa: F811
    m = ledger["score"] * 2
    return ledger.assign(m=m.clip(upper=0.95)).drop(columns=["override", "y"])


def lying(log, kind, folder):
    table = pa.Table.from_pandas(log)
    if kind == "table":
        return table
    if kind == "reader":
        return table.to_reader(max_chunksize=700)
    path = folder / f"log.{kind}"
    if kind == "parquet":
        log.set_index("subject").to_parquet(path)  # an index is a column of the file
    elif kind == "feather":
        pa.feather.write_feather(table, path)
    else:
        log.to_csv(path, index=False)
    return path if kind == "feather" else str(path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_measure_is_the_same_from_everywhere(given, kind, tmp_path):
    found = SISTERS["measure"](lying(given, kind, tmp_path))
    pd.testing.assert_frame_equal(found, SISTERS["measure"](given), rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in SISTERS if n != "measure"])
def test_so_are_its_sisters(given, name, tmp_path):
    found = SISTERS[name](lying(given, "parquet", tmp_path))
    pd.testing.assert_frame_equal(found, SISTERS[name](given), rtol=1e-12)


def test_what_nobody_asks_is_not_read(given):
    table = pa.Table.from_pandas(given)
    assert "feature__amount" not in as_frame(table)
    assert "feature__amount" in as_frame(table, ["feature__amount"])


def test_a_log_that_cannot_be_read_is_one_sentence(given, tmp_path):
    (tmp_path / "log.parquet").write_text("no parquet")
    for path, words in (
        (tmp_path / "log.parquet", "cannot be read as parquet"),
        (tmp_path / "other.parquet", "is not there"),
        (tmp_path / "log.xlsx", "is no .arrow, .csv, .feather or .parquet file"),
    ):
        with pytest.raises(LogError, match=words):
            tr.measure(path)
    table = pa.Table.from_pandas(given)
    with pytest.raises(LogError, match='the column "score" more than once'):
        tr.measure(table.append_column("score", table["score"]))
