"""A damaged table is said to be damaged; a refused write leaves nothing behind."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from truerisk.errors import LakeError
from truerisk.lake import tables
from truerisk.lake.lake import Lake, open_lake
from truerisk.problem.source import OWN

Spoil = Callable[[Path, list[Path], list[Path]], object]

# What is done to the log's folder, its files, and the files of rows.
DAMAGES: dict[str, Spoil] = {
    "the newest commit is no JSON": lambda log, commits, rows: commits[-1].write_bytes(b"\0\xff{"),
    "the newest commit was cut": lambda log, commits, rows: commits[-1].write_text('{"commitIn'),
    "the newest commit is empty": lambda log, commits, rows: commits[-1].write_bytes(b""),
    "an old commit is empty": lambda log, commits, rows: commits[1].write_bytes(b""),
    "a commit is gone": lambda log, commits, rows: commits[1].unlink(),
    "the first commit is gone": lambda log, commits, rows: commits[0].unlink(),
    "all commits are gone": lambda log, commits, rows: [c.unlink() for c in commits],
    "the log is gone": lambda log, commits, rows: shutil.rmtree(log),
    "a file of rows is gone": lambda log, commits, rows: rows[0].unlink(),
    "a file of rows is garbage": lambda log, commits, rows: rows[0].write_bytes(b"garbage" * 9),
    "a file of rows is empty": lambda log, commits, rows: rows[0].write_bytes(b""),
    "a file of rows was cut": lambda log, commits, rows: rows[0].write_bytes(
        rows[0].read_bytes()[:200]
    ),
}


def loans(*keys: int) -> pd.DataFrame:
    return pd.DataFrame({"loan": list(keys)})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whole") / "lake"
    lake = open_lake(root)
    for key in range(3):
        lake.append("loans", loans(key), "loan")
    return root


def test_a_commit_that_is_being_written_is_no_damage(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "lake")
    log = tmp_path / "lake" / "loans" / "_delta_log"
    (log / "00000000000000000003.json#1").touch()
    (log / "gone.crc").symlink_to("gone")  # as a file that is gone between list and look
    lake = open_lake(tmp_path / "lake")
    assert lake.append("loans", loans(9), "loan") == 1
    assert sorted(lake.read("loans")["loan"]) == [0, 1, 2, 9]


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_table_is_said_to_be_damaged(damage: str, whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "lake")
    table = tmp_path / "lake" / "loans"
    log = table / "_delta_log"
    DAMAGES[damage](log, sorted(log.glob("*.json")), sorted(table.glob("*.parquet")))
    lake = open_lake(tmp_path / "lake")
    before = sorted(p.relative_to(table) for p in table.rglob("*"))
    for act in (lambda: lake.read("loans"), lambda: lake.append("loans", loans(9), "loan")):
        with pytest.raises(LakeError) as refused:
            act()
        said = str(refused.value)
        assert f'Table "loans" of the lake at {lake.root} is damaged (' in said
        assert said.endswith(f"; restore {table} from a copy.")
        assert said.splitlines() == [said] and len(said) <= 400 and "<unknown>" not in said
    assert sorted(p.relative_to(table) for p in table.rglob("*")) == before


def test_a_version_that_does_not_exist_is_no_damage(whole: Path) -> None:
    with pytest.raises(
        LakeError, match=r'Table "loans" at version 99 .* cannot be read'
    ) as refused:
        open_lake(whole).read("loans", 99)
    assert "damaged" not in str(refused.value)


@pytest.mark.parametrize("marker", ["", "{", "[]", "{}", '"x"'])
def test_a_damaged_marker_is_one_error(marker: str, tmp_path: Path) -> None:
    (tmp_path / "truerisk-lake.json").write_text(marker)
    with pytest.raises(LakeError, match="is damaged; it must hold"):
        open_lake(tmp_path)


def test_a_refused_commit_writes_nothing_at_all(lake: Lake) -> None:
    def refuse(handle: object) -> None:
        assert handle is None
        raise LakeError("no")

    for act in (
        lambda: lake.commit("loans", tables.REGISTRY_SCHEMA, refuse),
        lambda: lake.append("loans", loans(1, 1), "loan"),
        lambda: lake.append("registry", loans(1), "loan"),
        lambda: lake.append("../loans", loans(1), "loan"),
        lambda: lake.append("Loans", loans(1), "loan"),
        lambda: lake.append("a" * 64, loans(1), "loan"),
    ):
        with pytest.raises(LakeError):
            act()
    assert not Path(lake.root).exists()


def test_the_names_that_sources_may_not_take_are_those_of_truerisks_own_tables() -> None:
    named = {k: v for k, v in vars(tables).items() if k.isupper() and isinstance(v, str)}
    own = {v for k, v in named.items() if not k.endswith("_KEY")}
    assert own | {tables.ledger("credit").partition("/")[0]} <= OWN
