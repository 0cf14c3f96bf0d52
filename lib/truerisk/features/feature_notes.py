"""Features that can teach nothing, and levels that no fitted row held, in sentences."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from truerisk.wording.counted import counted

STRANGE = 0.05  # share of rows with a level that no fitted row held, above which it is said


def silent_features(frame: pd.DataFrame, features: Sequence[str]) -> list[str]:
    """A sentence each on features null in every row, null in every labelled row, or constant."""
    labelled = frame["event"].notna()
    found: dict[str, list[str]] = {"empty": [], "unlabelled": [], "constant": []}
    for name in features:
        values = frame[name]
        if values.isna().all():
            found["empty"].append(name)
        elif values[labelled].isna().all():
            found["unlabelled"].append(name)
        elif values[labelled].nunique(dropna=False) == 1:
            found["constant"].append(name)
    says = {
        "empty": f"null in all {counted(len(frame), 'application')}",
        "unlabelled": f"null in all {counted(int(labelled.sum()), 'application')} with an outcome",
        "constant": f"the same in all {counted(int(labelled.sum()), 'application')} with an "
        f"outcome",
    }
    return [
        f"{', '.join(names)}: {says[kind]}, so no model can learn from it."
        for kind, names in found.items()
        if names
    ]


def strange_levels(
    fitted: pd.DataFrame, judged: pd.DataFrame, features: Sequence[str]
) -> list[str]:
    """A sentence each on text features of which many rows hold a level that no fitted row held."""
    said = []
    for name in features:
        if pd.api.types.is_numeric_dtype(fitted[name]) or judged.empty:
            continue
        known = judged[name].notna()
        strange = known & ~judged[name].isin(fitted[name].dropna().unique())
        share = float(np.mean(strange))
        if share > STRANGE:
            said.append(
                f"{name}: {share:.1%} of {len(judged):,} judging applications hold a level that no "
                "fitted one held; the model takes it as any other it does not know."
            )
    return said
