"""A registry or a ledger that anybody but truerisk wrote is found out, and decides nothing."""

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import write_deltalake

from truerisk.errors import LakeError, RegistryError
from truerisk.lake import chain
from truerisk.lake.lake import Lake, open_lake
from truerisk.lake.tables import REGISTRY_KEY
from truerisk.registry import approval
from truerisk.registry.events import Event, record
from truerisk.registry.verify import sentence, verify


def event(n: int, what: str = "submitted") -> Event:
    return Event(
        problem="small",
        version=f"v{n}",
        event=what,
        by="Ann",
        because="because",
        report_hash=f"{n:016d}",
        expected_champion=None,
        payload={"gate": [], "n": n},
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry of seven events in six links, the last two in one commit."""
    root = tmp_path_factory.mktemp("whole") / "lake"
    lake = open_lake(root)
    for n in range(5):
        record("small", lake, lambda _, n=n: [event(n)])
    record("small", lake, lambda _: [event(4, "approved"), event(4, "promoted")])
    return root


@pytest.fixture
def written(whole: Path, tmp_path: Path) -> Lake:
    shutil.copytree(whole, tmp_path / "lake")
    return open_lake(tmp_path / "lake")


def forge(lake: Lake, table: str, rows: pa.Table) -> None:
    """The table as somebody writes it who does not go through truerisk."""
    shutil.rmtree(f"{lake.root}/{table}")
    write_deltalake(f"{lake.root}/{table}", rows)


def edit(rows: pa.Table, place: int, **values: Any) -> pa.Table:
    made = rows.to_pylist()
    made[place] |= values
    return pa.Table.from_pylist(made, rows.schema)


def swapped(rows: pa.Table, one: int, other: int) -> pa.Table:
    made = rows.to_pylist()
    for name in ("chain_at", "seq"):
        made[one][name], made[other][name] = made[other][name], made[one][name]
    return pa.Table.from_pylist(made, rows.schema)


def renumbered(rows: pa.Table, one: int, other: int) -> pa.Table:
    made = rows.to_pylist()
    made[one]["chain_at"], made[other]["chain_at"] = other, one
    return pa.Table.from_pylist(made, rows.schema)


def rehashed(rows: pa.Table, at: int) -> pa.Table:
    """One event written anew with a hash that fits its content."""
    one = edit(rows, at, by="Mallory").slice(at, 1)
    before = chain.Head(at - 1, one["chain_previous"][0].as_py())
    made, _ = chain.link(before, one, REGISTRY_KEY)
    return pa.concat_tables([rows.slice(0, at), made.select(rows.column_names), rows.slice(at + 1)])


FORGERIES: dict[str, tuple[Callable[[pa.Table], pa.Table], str]] = {
    "an event was edited": (lambda r: edit(r, 2, by="Mallory"), "link 2 .* was edited"),
    "the last event was edited": (lambda r: edit(r, 6, version="v1"), "link 6 .* was edited"),
    "a time was edited": (
        lambda r: edit(r, 0, at=pd.Timestamp("2020-01-01", tz="UTC")),
        "link 0 .* was edited",
    ),
    "an event is missing": (lambda r: pa.concat_tables([r[:3], r[4:]]), "link 3 is missing"),
    "two events are missing": (
        lambda r: pa.concat_tables([r[:1], r[3:]]),
        "links 1 to 2 are missing",
    ),
    "the first event is missing": (lambda r: r[1:], "link 0 is missing before link 1"),
    "the last events are missing": (lambda r: r[:4], "links 4 to 6 are missing at the end"),
    "all events are missing": (lambda r: r[:0], "links 0 to 6 are missing at the end"),
    "events were swapped": (lambda r: swapped(r, 1, 3), "link 1 .* was edited"),
    "links were swapped": (lambda r: renumbered(r, 1, 3), "link 1 .* does not follow link 0"),
    "an event was copied": (
        lambda r: pa.concat_tables([r, r[5:6]]),
        "link 5 .* has 2 rows where 1 were written",
    ),
    "an event without a hash": (
        lambda r: pa.concat_tables(
            [r, edit(r[5:6], 0, seq=9, chain_at=None, chain_hash=None, version="v0")]
        ),
        "link 0 .* does not follow the rows that are older than the chain",
    ),
    "an event with a hash of its own": (lambda r: rehashed(r, 3), "link 4 .* does not follow"),
}


def ordered(lake: Lake) -> pa.Table:
    return lake.arrow("registry").sort_by("seq")


def test_a_registry_that_nobody_touched_is_whole(written: Lake) -> None:
    rows = ordered(written)
    assert rows["chain_at"].to_pylist() == list(range(7))
    assert rows["chain_previous"].to_pylist()[1:] == rows["chain_hash"].to_pylist()[:-1]
    [found] = verify(written)
    assert (found.table, found.links, found.older, found.breaks) == ("registry", 7, 0, [])
    assert found.head == rows["chain_hash"][6].as_py()
    assert approval.champion_of("small", written) == "v4"
    assert verify(written, [found.head, rows["chain_hash"][1].as_py()]) == [found]
    with pytest.raises(LakeError, match=r"No link .* has the hash 00ff"):
        verify(written, ["00ff"])


def test_the_order_of_rows_and_columns_and_what_an_operator_does_to_files_break_nothing(
    written: Lake,
) -> None:
    rows = ordered(written)
    turned = rows.take(pa.array([6, 0, 5, 1, 4, 2, 3])).select(sorted(rows.column_names))
    more = turned.append_column("later", pa.nulls(7, pa.float64()))
    forge(written, "registry", more)
    assert sentence(written, verify(written)) == ""


@pytest.mark.slow
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_registry_is_found_out_and_promotes_nobody(forgery: str, written: Lake) -> None:
    forged, needle = FORGERIES[forgery]
    forge(written, "registry", forged(ordered(written)))
    said = sentence(written, verify(written))
    assert pd.Series([said]).str.contains(f"registry: .*{needle}").all(), said
    assert said.endswith("restore them from a copy.")
    for act in (
        lambda: approval.champion_of("small", written),
        lambda: record("small", written, lambda _: [event(9)]),
    ):
        with pytest.raises(RegistryError, match=r"was changed from outside: .*truerisk verify"):
            act()


def test_the_note_of_the_newest_link_may_be_behind_and_never_forged(written: Lake) -> None:
    note = Path(written.root, "chains", "registry.json")
    newest = json.loads(note.read_text())
    assert newest["at"] == 6
    rows = ordered(written)
    note.write_text(json.dumps({"at": 2, "hash": rows["chain_hash"][2].as_py()}))
    assert sentence(written, verify(written)) == ""
    note.write_text(json.dumps({"at": 2, "hash": "0" * 64}))
    assert "link 2 is not the one that was noted" in sentence(written, verify(written))
    note.write_text("{")
    with pytest.raises(LakeError, match=r"registry\.json is damaged"):
        verify(written)


def test_older_rows_are_held_by_the_first_link(written: Lake) -> None:
    """A registry from before there were chains goes on, and is held from the next event on."""
    old = ordered(written).drop_columns(chain.SCHEMA.names)
    shutil.rmtree(Path(written.root, "chains"))
    forge(written, "registry", old)
    [found] = verify(written)
    assert (found.links, found.older, found.head, found.breaks) == (0, 7, "", [])
    assert approval.champion_of("small", written) == "v4"
    record("small", written, lambda _: [event(5)])
    [found] = verify(written)
    assert (found.links, found.older, found.breaks) == (1, 7, [])
    forge(written, "registry", edit(ordered(written), 2, by="Mallory"))
    assert "link 0 " in sentence(written, verify(written))


def test_a_lake_without_a_registry_has_nothing_to_verify(lake: Lake) -> None:
    with pytest.raises(LakeError, match="has no registry and no ledger"):
        verify(lake)
    assert not Path(lake.root).exists()


def test_every_kind_of_column_counts() -> None:
    """One cell after the other is changed; each change is seen, a column of nulls is not."""
    rows = pa.table(
        {
            "k": pa.array([2, 1, 3]),
            "f": pa.array([1.5, None, np.nan]),
            "i": pa.array([1, None, 2**62]),
            "b": pa.array([True, None, False]),
            "t": pa.array([0, None, 1], pa.timestamp("us", "UTC")),
            "s": pa.array(["", None, "é\0"]),
            "d": pa.array([Decimal("1.00"), None, Decimal("2.50")], pa.decimal128(18, 2)),
            "n": pa.nulls(3, pa.string()),
        }
    )
    start = chain.Head(-1, "")
    first, head = chain.link(start, rows, "k")
    assert list(chain.breaks(first, "k")) == []
    assert chain.link(start, rows.take(pa.array([2, 0, 1])), "k")[1] == head
    assert chain.link(start, rows.drop_columns(["n"]), "k")[1] == head
    for name in ("f", "i", "b", "t", "s", "d"):
        for at, other in ((0, 2), (1, 0), (2, 1)):
            cells = first[name].to_pylist()
            cells[at] = cells[other]
            place = first.column_names.index(name)
            changed = first.set_column(place, name, pa.array(cells, rows[name].type))
            assert "was edited" in " ".join(chain.breaks(changed, "k")), (name, at)
    assert pc.sum(pc.is_null(first["chain_hash"])).as_py() == 0
