"""Levels of text inputs that a model was fitted on, as short hashes: a batch knows what is new.

Hashes, since a level may be somebody's employer; a text of more than MOST levels is left out.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import pandas as pd

from truerisk.features.feature_notes import STRANGE
from truerisk.wording.counted import counted

MOST = 2_000
BYTES = 5

Levels = Mapping[str, list[str]]


def levels_of(frame: pd.DataFrame, features: Sequence[str]) -> dict[str, list[str]]:
    """Text feature → the sorted hashes of its levels."""
    texts = [n for n in features if not pd.api.types.is_numeric_dtype(frame[n])]
    found = {name: frame[name].dropna().unique() for name in texts}
    return {n: sorted(map(_hash, values)) for n, values in found.items() if len(values) <= MOST}


def strangers(levels: Levels, frame: pd.DataFrame) -> list[str]:
    """A sentence each on inputs of which more than STRANGE of the rows hold an unknown level."""
    said = []
    for name, known in levels.items():
        counts = frame[name].value_counts() if name in frame else pd.Series(dtype=int)
        strange = int(sum(n for level, n in counts.items() if _hash(level) not in set(known)))
        if strange > STRANGE * len(frame):
            hold = "holds" if strange == 1 else "hold"
            said.append(
                f"{name}: {strange:,} of {counted(len(frame), 'application')} {hold} a level that "
                "the model was not fitted on."
            )
    return said


def _hash(level: object) -> str:
    return blake2b(str(level).encode(), digest_size=BYTES).hexdigest()
