"""Whatever fails, a message is one line without backtrace, colours, secrets or anybody's data."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from catboost import CatBoostClassifier, CatBoostError
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from truerisk import errors
from truerisk.errors import (
    LONGEST,
    LakeError,
    TrueriskError,
    from_outside,
    keep_secret,
    masked,
    outside,
    told,
)


@pytest.fixture(autouse=True)
def _no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_secrets", {})


class PanicException(BaseException):  # as pyo3 makes it: no Exception
    pass


PanicException.__module__ = "pyo3_runtime"

BACKTRACE = (
    "Kernel error: Json error\n   0: <unknown>\n  12: start_thread\n             at ./x.c:442"
)


@pytest.mark.parametrize(
    ("came", "shown"),
    [
        ("a\nb\r\n\tc", "a b c"),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07x", "red x"),
        ("a\x00b\u202ec\u200bd\u2028e", "a b c d e"),
        (BACKTRACE, "Kernel error: Json error"),
        ("it broke Traceback (most recent call last):\n File x", "it broke"),
        ("panicked: x\nstack backtrace:\n 0: rust_begin_unwind", "panicked: x"),
        ("déjà → 0.5 … 漢字", "déjà → 0.5 … 漢字"),
    ],
)
def test_a_message_is_one_line(came: str, shown: str) -> None:
    assert str(LakeError(came)) == shown


@pytest.mark.slow
@given(st.text(max_size=900))
def test_no_text_makes_a_message_of_more_than_one_line_or_400_characters(text: str) -> None:
    try:
        raise sqlite3.Error(text)
    except sqlite3.Error:
        said = str(TrueriskError(text))
    assert len(said) <= LONGEST and said.splitlines() in ([], [said])
    assert said.isprintable()


def test_a_long_message_keeps_its_place_and_its_advice() -> None:
    said = str(LakeError(f"problem.toml: source x holds {'y' * 900}; write it anew."))
    assert said.startswith("problem.toml: source x holds y") and said.endswith("write it anew.")
    assert len(said) <= LONGEST


def _in_sqlite() -> None:
    with closing(sqlite3.connect(":memory:")) as con:
        con.execute("SELECT x")


def outside_errors() -> Iterator[tuple[str, BaseException, str]]:
    """Real errors of the software around, each over a row with a name in it."""
    person = "anna.mueller"

    def caught(act: object) -> BaseException:
        try:
            act()  # type: ignore[operator]
        except Exception as error:
            return error
        raise AssertionError("it was to fail")

    con = duckdb.connect()
    con.execute(f"CREATE TABLE t AS SELECT '{person}' AS who, 4711 AS n")
    yield "DuckDB", caught(lambda: con.sql("SELECT who::INTEGER FROM t").fetchall()), "convert"
    yield "DuckDB", caught(lambda: con.sql("SELECT n::UTINYINT FROM t").fetchall()), "cast"
    yield "DuckDB", caught(lambda: con.sql("SELECT nothing FROM t")), "nothing"
    yield "DuckDB", caught(lambda: con.sql("SELECT * FROM 'none.parquet'")), "none.parquet"
    con.close()
    yield "Arrow", caught(lambda: pa.array([person]).cast(pa.int64())), "parse"
    yield "SQLite", caught(_in_sqlite), "x"
    yield "S3", s3_error(), "NoSuchBucket"
    model = CatBoostClassifier(iterations=1, verbose=0, allow_writing_files=False)
    data = np.array([[1.0, person], [2.0, "b"]], dtype=object)
    yield "CatBoost", caught(lambda: model.fit(data, [0, 1])), "float"
    yield "pydantic", caught(lambda: Row.model_validate({"n": person})), "n: "
    yield "Delta Lake", PanicException("called unwrap() on None"), "unwrap"


class Row(BaseModel):
    n: int


def s3_error() -> BaseException:
    from botocore.exceptions import ClientError

    return ClientError({"Error": {"Code": "NoSuchBucket", "Message": "no\nbucket"}}, "GetObject")


def test_every_outside_error_becomes_one_sentence_without_a_value_of_a_row() -> None:
    for software, error, needle in outside_errors():
        with pytest.raises(TrueriskError) as caught, outside():
            raise error
        said = str(caught.value)
        assert said.startswith(f"{software} refused (") and said.endswith("again."), said
        assert needle in said and len(told(error)) <= 160
        assert "anna" not in said and "4711" not in said
        assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_an_os_error_names_its_file_and_nothing_else_is_changed() -> None:
    sentence = from_outside(PermissionError(13, "Permission denied", "/data/lake"))
    assert "The operating system refused (/data/lake: Permission denied)" in str(sentence)
    assert "not enough memory" in str(from_outside(MemoryError()))
    assert from_outside(KeyError("x")) is None and from_outside(KeyboardInterrupt()) is None
    with pytest.raises(KeyError), outside():
        raise KeyError("x")
    with pytest.raises(LakeError, match=r"^as it was$"), outside():
        raise LakeError("as it was")


def test_what_is_said_of_a_file_or_the_syntax_keeps_its_figures() -> None:
    import tomllib

    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads("a = = 1")
    assert "line 1" in told(caught.value)
    with pytest.raises(CatBoostError) as unknown:
        CatBoostClassifier(iterations=1, depth=99).fit([[1.0], [2.0]], [0, 1])
    assert "16" in told(unknown.value) and ".cpp" not in told(unknown.value)
    with pytest.raises(ValidationError):
        Row.model_validate({"n": "x"})


def test_no_message_shows_a_secret() -> None:
    keep_secret("TOKEN", "s3cr3t-token")
    keep_secret("SHORT", "ab")
    assert str(LakeError("s3://x?key=s3cr3t-token cannot ab")) == "s3://x?key=${TOKEN} cannot ab"
    assert str(LakeError("db://ana:pw1@host/x, no a:b@c")) == "db://ana:…@host/x, no a:b@c"
    assert masked("s3cr3t-token/file.csv") == "${TOKEN}/file.csv"
    assert "s3cr3t" not in told(ValueError("no s3cr3t-token here"))
