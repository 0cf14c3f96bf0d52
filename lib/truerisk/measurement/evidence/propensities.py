"""Which logged propensity holds: the mixture over an experiment's arms, or the assigned arm's.

Arms are sticky. Over the draw of the arm, the mixture is the probability of a subject's first
application in an experiment; whether and how a subject returns depends on what its arm decided, so
for later ones only the assigned arm's own probability is right. A log of experiments holds
``experiment`` and ``arm`` (null outside one), ``arm_share`` (the planned share of subjects),
``p_reveal`` and ``p_<action>`` of the mixture, and ``arm_p_reveal`` and ``arm_p_<action>``.
"""

import pandas as pd

from truerisk.columns import ARM, CHANCE
from truerisk.errors import LogError
from truerisk.wording.counted import counted

SUSPICION = 1e-3  # a fair split fails the ratio test this often


def as_assigned(log: pd.DataFrame) -> pd.DataFrame:
    """The log with the assigned arm's propensities where a subject returned in an experiment.

    Raises LogError where columns are missing and where the traffic split fails its ratio test.
    """
    if "experiment" not in log or log["experiment"].isna().all():
        return log
    inside = log["experiment"].notna()
    for column in ("as_of", "arm", "arm_share", "arm_p_reveal"):
        if column not in log:
            raise LogError(
                f'The log has an experiment and no column "{column}"; subjects that return need '
                "the propensities of their arm."
            )
    missing = int(log.loc[inside, ["arm", "arm_share", "arm_p_reveal"]].isna().any(axis=1).sum())
    if missing:
        raise LogError(
            f"The log cannot be measured: arm, arm_share or arm_p_reveal is null in {missing:,} of "
            f"{counted(int(inside.sum()), 'row')} of an experiment."
        )
    ordered = log[inside].sort_values("as_of", kind="stable")
    first = ~ordered.duplicated(["experiment", "subject"])
    _check_split(ordered[first])
    later = pd.Series(log.index.isin(ordered.index[~first.to_numpy()]), index=log.index)
    changed = log.copy()
    for column in log.columns:
        if column.startswith(f"{ARM}{CHANCE}"):
            changed[column.removeprefix(ARM)] = log[column.removeprefix(ARM)].where(
                ~later, log[column]
            )
    return changed


def _check_split(first: pd.DataFrame) -> None:
    """The sample-ratio test: χ² of subjects per arm against the planned shares."""
    from scipy.stats import chi2

    for name, rows in first.groupby("experiment"):
        counts = rows["arm"].value_counts()
        share = rows.groupby("arm")["arm_share"].mean().reindex(counts.index)
        share = share / share.sum()
        expected = share * counts.sum()
        p = float(chi2.sf(((counts - expected) ** 2 / expected).sum(), max(len(counts) - 1, 1)))
        if len(counts) > 1 and p < SUSPICION:
            worst = str((counts - expected).abs().idxmax())
            raise LogError(
                f'The traffic split of experiment "{name}" fails its ratio test (p = {p:.1g}): '
                f'arm "{worst}" has {counts[worst]:,} of {counted(counts.sum(), "subject")}, '
                f"{share[worst]:.0%} were planned; find out who is missing before measuring."
            )
