"""Which version of one of truerisk's own tables is read."""

from collections.abc import Mapping

from truerisk.lake.lake import Lake


def pin(lake: Lake, table: str, versions: Mapping[str, object]) -> int | None:
    """As pinned, else the newest; None where there is no such table yet."""
    return versions[table] if table in versions else lake.version(table)  # type: ignore[return-value]
