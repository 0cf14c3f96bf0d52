"""Whether registry, ledgers, contests and verdicts of a lake are as they were written, and the
problem files that decided."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from truerisk.errors import LakeError
from truerisk.lake import chain, objects
from truerisk.lake.lake import LOG, Lake
from truerisk.lake.problem_files import is_kept
from truerisk.lake.tables import CONTEST_KEY, LEDGER_KEY, REGISTRY, REGISTRY_KEY
from truerisk.wording.counted import counted

# Folder of a table per problem → what orders its rows.
CHAINED = {"decisions": LEDGER_KEY, "contests": CONTEST_KEY, "verdicts": LEDGER_KEY}
SAID = 3  # breaks that one message spells out


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A table: its links, the rows of no link (older than chains), the newest link's hash."""

    table: str
    links: int
    older: int
    head: str
    breaks: list[str]


def verify(lake: Lake, heads: Iterable[str] = ()) -> list[Verified]:
    """The registry, ledgers, contests and verdicts; ``heads`` are hashes that were noted elsewhere.

    Raises LakeError for a lake that has neither, and for a head that no chain holds.
    """
    tables = {REGISTRY: REGISTRY_KEY}
    for folder, key in CHAINED.items():
        own = {*objects.folders(f"{lake.root}/{folder}", LOG)}
        own |= objects.stems(f"{lake.root}/chains/{folder}", ".json")
        tables |= {f"{folder}/{problem}": key for problem in sorted(own)}
    found, hashes = [], set()
    for table, key in tables.items():
        noted = chain.noted(lake, table)
        version = lake.version(table)
        if version is None and noted is None:
            continue
        rows = chain.SCHEMA.empty_table() if version is None else lake.arrow(table, version)
        made = _verified(table, rows, key, noted)
        found.append(replace(made, breaks=[*made.breaks, *_files(lake, table, rows)]))
        hashes |= set(_column(rows, chain.HASH)) - {None}
    if not found:
        raise LakeError(f"The lake at {lake.root} has no registry and no ledger to verify.")
    for head in heads:
        if head not in hashes:
            raise LakeError(
                f"No link of the lake at {lake.root} has the hash {head}; rows were taken away or "
                "written anew since it was noted."
            )
    return found


def sentence(lake: Lake, found: list[Verified]) -> str:
    """The first breaks of all tables in one sentence; empty where there are none."""
    broken = [f"{v.table}: {b}" for v in found for b in v.breaks]
    if not broken:
        return ""
    more = f"; and {len(broken) - SAID:,} more" if len(broken) > SAID else ""
    return (
        f"The lake at {lake.root} was changed from outside ({'; '.join(broken[:SAID])}{more}); "
        "restore them from a copy."
    )


def _verified(table: str, rows: pa.Table, key: str, noted: chain.Head | None) -> Verified:
    places = [at for at in _column(rows, chain.AT) if at is not None]
    hashes = _column(rows, chain.HASH)
    newest = max(places, default=None)
    head = hashes[_column(rows, chain.AT).index(newest)] if newest is not None else ""
    called = SAID_OF.get(table.partition("/")[0], _event)
    broken = list(chain.breaks(rows, key, noted, called))
    return Verified(
        table=table,
        links=len(set(places)),
        older=rows.num_rows - len(places),
        head=head or "",
        breaks=broken,
    )


def _files(lake: Lake, table: str, rows: pa.Table) -> Iterator[str]:
    """The problem files that decided and are not as they were kept."""
    counts = Counter(_column(rows, "problem_version"))
    for version in sorted(v for v in counts if v is not None):
        if not is_kept(lake, table.partition("/")[2], version):
            yield (
                f"the problem file {version}, which made {counted(counts[version], 'decision')}, "
                "is missing or was changed"
            )


def _event(rows: pa.Table) -> str:
    first = rows.slice(0, 1).to_pylist()[0]
    return f"{first['event']} {first['version']} of {first['problem']}"


def _batch(rows: pa.Table) -> str:
    first = rows.slice(0, 1).to_pylist()[0]
    return f"batch {first['batch']}, {counted(rows.num_rows, 'decision')}"


def _row(rows: pa.Table) -> str:
    return str(rows[CONTEST_KEY][0].as_py())


def _verdicts(rows: pa.Table) -> str:
    return f"{counted(rows.num_rows, 'verdict')} by {rows['by'][0].as_py()}"


SAID_OF = {"decisions": _batch, "contests": _row, "verdicts": _verdicts}


def _column(rows: pa.Table, name: str) -> list:
    return rows[name].to_pylist() if name in rows.column_names else [None] * rows.num_rows
