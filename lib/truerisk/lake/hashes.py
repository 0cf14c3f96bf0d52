"""SHA-256 of many short texts: what makes ids and draws that every replay makes again."""

import hashlib

import numpy as np
import pandas as pd
import pyarrow as pa

from truerisk.lake.duck import session

FEW = 5_000  # texts; for fewer an engine is not worth starting


def uniform(prefix: str, texts: pd.Series) -> np.ndarray:
    """A number in [0, 1) from each hash of prefix and text, its first 53 bits, shape (n,)."""
    if len(texts) < FEW:
        begin = prefix.encode()
        first = b"".join(hashlib.sha256(begin + t.encode()).digest()[:8] for t in texts.tolist())
        bits = np.frombuffer(first, dtype=">u8")
    else:
        bits = _engine(prefix, texts, "('0x' || left(hash, 16))::UBIGINT").to_numpy()
    return (bits >> 11) / 2.0**53


def short(prefix: str, texts: pd.Series, digits: int = 20) -> pd.Series:
    """The first hexadecimal ``digits`` of each hash of prefix and text, as text; same index."""
    if len(texts) < FEW:
        begin = prefix.encode()
        made = [hashlib.sha256(begin + t.encode()).hexdigest()[:digits] for t in texts.tolist()]
        return pd.Series(made, texts.index, dtype="str")
    made = _engine(prefix, texts, f"left(hash, {digits})")
    return pd.Series(made, texts.index, dtype="str")


def _engine(prefix: str, texts: pd.Series, of: str) -> pa.ChunkedArray:
    """``of`` each hash by DuckDB, whose rows keep their order."""
    column = pa.chunked_array(pa.array(texts.array, pa.large_string()))
    begin = prefix.replace("'", "''")
    with session() as con:
        con.register("texts", pa.table({"text": column}))
        hashed = f"SELECT sha256('{begin}' || text) AS hash FROM texts"
        return con.sql(f"SELECT {of} AS made FROM ({hashed})").to_arrow_table()["made"]
