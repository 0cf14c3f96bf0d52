"""A column of times as TIMESTAMP in UTC, and the two faults that only a text column can have.

An offset converts, a time without one means UTC, a date means 00:00 UTC.
"""

from truerisk.lake.duck import quote
from truerisk.wording.counted import counted

OFFSET = r"(Z|[+-]\d{2}(:?\d{2})?|UTC)$"
ZONED = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")


def utc_sql(column: str, kind: str) -> str | None:
    """SQL for the column, of a DuckDB type, as TIMESTAMP in UTC; None where it holds no times.

    A text that is no time becomes null; ``text_faults`` counts those.
    """
    c = quote(column)
    if kind in ZONED:
        return f"make_timestamp(epoch_us(CAST({c} AS TIMESTAMPTZ)))"
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return f"CAST({c} AS TIMESTAMP)"
    if kind == "VARCHAR":
        return f"make_timestamp(epoch_us(TRY_CAST({c} AS TIMESTAMPTZ)))"
    return None


def mixed_zones(column: str, texts: int, zoned: int) -> str | None:
    """The sentence for a text column that mixes times with an offset and without one."""
    if not 0 < zoned < texts:
        return None
    return (
        f'time "{column}" mixes times with an offset ({counted(zoned, "row")}) and without one '
        f"({counted(texts - zoned, 'row')}); give all of them a zone or none."
    )
