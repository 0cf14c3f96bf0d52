"""Where a log lies: a frame, an Arrow table or reader, or a file, read without what nobody asks."""

from collections.abc import Iterable
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from truerisk.columns import ARM, CHANCE, VALUE, m_of, score_of
from truerisk.errors import LogError
from truerisk.wording.lists import one_of

if TYPE_CHECKING:
    import pyarrow as pa

    Log: TypeAlias = pd.DataFrame | pa.Table | pa.RecordBatchReader | str | PathLike[str]
else:
    Log = Any  # pyarrow is imported where one comes

FORMATS = {
    ".parquet": "parquet",
    ".arrow": "ipc",
    ".feather": "ipc",
    ".csv": "csv",
}
COLUMNS = (
    "subject", "as_of", "mature", "score", "action", "override", "status", "p_reveal", "revealed",
    "event", "m", "realised_value", "cluster", "experiment", "arm", "arm_share",
    "exploration_entry", "verdict", "q", "audited", "audit_q", "reviewer", "m2",
)  # fmt: skip
STEMS = (CHANCE, f"{ARM}{CHANCE}", VALUE)


def as_frame(log: Log, columns: Iterable[str] = ()) -> pd.DataFrame:
    """The log as a frame; of what is not one yet only what estimates read, and ``columns``.

    ``log``: a frame, which is given back, an Arrow table or reader, or the path of a Parquet,
    Arrow, Feather or CSV file. Raises LogError for a file that is not there, not of these kinds or
    cannot be read.
    """
    import pyarrow as pa

    if isinstance(log, str | PathLike):
        return _read(fspath(log), columns)
    if isinstance(log, pa.Table):
        return _frame(log.select(_read_of(log.column_names, columns)))
    if isinstance(log, pa.RecordBatchReader):
        kept = _read_of(log.schema.names, columns)
        batches = [batch.select(kept) for batch in log]
        schema = pa.schema([log.schema.field(name) for name in kept])
        return _frame(pa.Table.from_batches(batches, schema))
    pa.default_memory_pool().release_unused()  # reading a frame leaves as much again behind
    return log


def _read_of(names: list[str], columns: Iterable[str]) -> list[str]:
    """Which of a log's columns are read."""
    actions = [n.removeprefix(CHANCE) for n in names if n.startswith(CHANCE)]
    own = [of(action) for action in actions for of in (score_of, m_of)]
    asked = {*COLUMNS, *own, *columns}
    kept = [n for n in names if n in asked or n.startswith(STEMS)]
    twice = next((n for n in kept if kept.count(n) > 1), None)
    if twice is not None:
        raise LogError(f'The log has the column "{twice}" more than once.')
    return kept


def _read(path: str, columns: Iterable[str]) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.dataset as ds

    kind = next((k for ending, k in FORMATS.items() if path.lower().endswith(ending)), None)
    if kind is None:
        raise LogError(f'The log "{path}" is no {one_of(FORMATS)} file; give one, or a frame.')
    try:
        found = ds.dataset(path, format=kind)
        kept = _read_of(found.schema.names, columns)
        # Read ahead, a file that lies near takes half as much memory again.
        nearby = ds.ParquetFragmentScanOptions(pre_buffer=False) if kind == "parquet" else None
        table = found.to_table(
            columns=kept, memory_pool=pa.system_memory_pool(), fragment_scan_options=nearby
        )
        return _frame(table)
    except FileNotFoundError:
        raise LogError(f'The log "{path}" is not there.') from None
    except (pa.ArrowInvalid, OSError) as error:
        raise LogError(
            f'The log "{path}" cannot be read as {kind} ({type(error).__name__}); write it anew.'
        ) from None


def _frame(table: Any) -> pd.DataFrame:
    """Column by column, each let go once it is copied, also by Arrow, whose pools keep memory."""
    import pyarrow as pa

    made: pd.DataFrame = table.to_pandas(
        split_blocks=True,
        self_destruct=True,
        ignore_metadata=True,
        memory_pool=pa.system_memory_pool(),
    )
    pa.default_memory_pool().release_unused()
    return made
