"""Audits against their own chances: did verdicts, and the people who gave them, know the draw?

An audit lets a row pass whatever the verdict. Drawn before the review and known to nobody, it falls
on every verdict and on every analyst's rows as often as its chances say; who knows it can choose
whom the audited stand for, and no estimate would show that.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement.evidence.draws import two_sided
from truerisk.wording.counted import counted

LIMIT = 4.0  # standard deviations, or a tail as small where few are expected


@dataclass(frozen=True, kw_only=True)
class Audits:
    """One group's audits: ``audited`` of ``rows``, ``expected`` Σq, and how far apart they lie in
    standard deviations of a normal draw. ``group`` is (kind, name): verdict or reviewer."""

    group: tuple[str, str]
    rows: int
    audited: int
    expected: float
    z: float


def audits(log: pd.DataFrame) -> list[Audits]:
    """The audits by verdict and by reviewer, rows of every age; none for a log without reviews.

    By ``audit_q``, the chance before the verdict, where the log has it; else of the rows that the
    verdict left to the audit.
    """
    if "verdict" not in log:
        return []
    q = log["audit_q" if "audit_q" in log else "q"].to_numpy(dtype=float)
    rows = np.flatnonzero(log["verdict"].notna().to_numpy() & (q > 0) & (q < 1))
    return [*_by(log, "verdict", rows, q[rows]), *_by(log, "reviewer", rows, q[rows])]


def check_audits(log: pd.DataFrame) -> None:
    """LogError that names the verdict or the reviewer whose rows were audited too often or too
    seldom, |z| > 4."""
    wrong = sorted((a for a in audits(log) if abs(a.z) > LIMIT), key=lambda a: -abs(a.z))
    if wrong:
        a = wrong[0]
        more = f", and so in {len(wrong) - 1:,} more groups" if len(wrong) > 1 else ""
        raise LogError(
            f"The log cannot be measured: of {counted(a.rows, 'row')} of {a.group[0]} "
            f'"{a.group[1]}" the '
            f"audit drew {a.audited:,} and {a.expected:,.1f} were expected (z = {a.z:+.1f}{more}); "
            "find out who could know the draw before the verdict, and draw audits by a word of "
            "their own."
        )


def _by(log: pd.DataFrame, column: str, rows: np.ndarray, q: np.ndarray) -> Iterator[Audits]:
    if column not in log or not len(rows):
        return
    code, names = pd.factorize(log[column].iloc[rows], sort=True)
    there = code >= 0
    z = log["audited"].to_numpy(dtype=bool)[rows]
    sums = [np.bincount(code[there], x[there], len(names)) for x in (z, q, q * (1 - q), q >= 0)]
    for name, drawn, expected, variance, n in zip(names, *sums, strict=True):
        yield Audits(
            group=(column, str(name)),
            rows=int(n),
            audited=int(drawn),
            expected=float(expected),
            z=_deviation(float(drawn), float(expected), float(variance)),
        )


def _deviation(drawn: float, expected: float, variance: float) -> float:
    """(drawn − expected) in standard deviations: those of the normal whose tail is as small."""
    from scipy.special import ndtri

    tail = max(two_sided(drawn, expected, variance) / 2, np.finfo(float).tiny)
    return float(np.sign(drawn - expected) * -ndtri(tail))
