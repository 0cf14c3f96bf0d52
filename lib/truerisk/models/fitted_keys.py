"""Which applications a model was fitted on, as short hashes: a later log knows what it never saw.

Forty bits of blake2b per key: a million keys take 5 MB, and one of a million strangers is taken for
known, which leaves out a row and biases nothing. Whole numbers are one key whatever their type.
"""

from hashlib import blake2b

import numpy as np
import pandas as pd

BYTES = 5
FILE = "fitted_keys.bin"


def key_hashes(keys: pd.Series) -> list[bytes]:
    """The hash of every key, in their order."""
    numbers = pd.api.types.is_float_dtype(keys) and keys.dropna().mod(1).eq(0).all()
    texts = (keys.astype("Int64") if numbers else keys).astype(str).tolist()
    return [blake2b(text.encode(), digest_size=BYTES).digest() for text in texts]


def pack(keys: pd.Series) -> bytes:
    """The sorted hashes of some keys, one after the other."""
    return b"".join(sorted(key_hashes(keys)))


def among(keys: pd.Series, packed: bytes) -> np.ndarray:
    """Whether each key is one of those packed, shape (n,)."""
    known = {packed[i : i + BYTES] for i in range(0, len(packed), BYTES)}
    return np.array([made in known for made in key_hashes(keys)], dtype=bool)
