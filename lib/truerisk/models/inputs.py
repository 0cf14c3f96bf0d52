"""A model's inputs of the kinds that it was fitted on, whatever a batch looks like."""

from collections.abc import Mapping

import pandas as pd

from truerisk.errors import ModelError, SourceError
from truerisk.features.kinds import TEXTS, kind_of_input
from truerisk.lake.sources.declared import brought

TYPES = {TEXTS: "VARCHAR"}


def conform(X: pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    """The same columns as float64 and str, as ``kinds`` (feature → number or text) has them.

    Numbers of a text input become their digits where they are whole, texts of a number input the
    number that they are. Raises ModelError, with counts, for all else.
    """
    other = [str(c) for c in X if c in kinds and kind_of_input(X[c]) != kinds[str(c)]]
    if not other:
        return X
    wanted = {c: TYPES.get(kinds[c], "DOUBLE") for c in other}
    try:
        made = brought(X[other], wanted, "The model's inputs", "the model was fitted on")
    except SourceError as error:
        raise ModelError(str(error)) from error
    return X.assign(**{c: made[c].astype("str" if kinds[c] == TEXTS else "float64") for c in other})
