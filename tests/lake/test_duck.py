"""A session has a place of its own on the one instance that a process keeps."""

import multiprocessing
from typing import Any

import duckdb
import pytest

from truerisk.lake.duck import session


def test_what_a_session_creates_is_its_own_and_gone_with_it() -> None:
    with session() as one, session() as other:
        one.sql("SELECT 1 AS x").create_view("held")
        other.sql("SELECT 2 AS x").create_view("held")
        assert [c.sql("FROM held").fetchall() for c in (one, other)] == [[(1,)], [(2,)]]
    with session() as third:
        for name in ("held", "session_0.held"):
            with pytest.raises(duckdb.CatalogException):
                third.sql(f"FROM {name}")


def test_a_session_is_in_utc_and_remembers_no_file() -> None:
    with session() as con:
        con.execute("SET TimeZone = 'Asia/Tokyo'")
    with session() as con:
        asked = "SELECT current_setting('TimeZone'), current_setting('enable_external_file_cache')"
        assert con.execute(asked).fetchall() == [("UTC", False)]


def test_an_error_leaves_the_next_session_whole() -> None:
    with pytest.raises(duckdb.Error), session() as con:
        con.sql("SELECT nothing FROM nowhere")
    with session() as con:
        assert con.sql("SELECT 1").fetchall() == [(1,)]


def test_a_forked_process_makes_an_instance_of_its_own() -> None:
    def child(said: Any) -> None:
        with session() as con:
            said.send(con.sql("SELECT sum(range) FROM range(1_000_000)").fetchall())

    with session() as con:
        con.sql("SELECT sum(range) FROM range(1_000_000)").fetchall()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=child, args=(theirs,))
    process.start()
    assert ours.poll(60) and ours.recv() == [(499_999_500_000,)]
    process.join(60)
    assert process.exitcode == 0
