"""Rows of a source of visits, and what became of them."""

from typing import Any

import pandas as pd

from truerisk.lake.ingest.ingest import Ingested


def visits(*keys: int, **columns: Any) -> pd.DataFrame:
    """Rows with a key and a time, and any other columns."""
    return pd.DataFrame({"visit": list(keys), "at_": "2024-03-10T12:00:00Z", **columns})


def counts(done: Ingested) -> tuple[int, int, int]:
    """accepted, rejected, already held; they add up to the rows."""
    assert done.rows == done.accepted + done.rejected + done.already_held
    return done.accepted, done.rejected, done.already_held
