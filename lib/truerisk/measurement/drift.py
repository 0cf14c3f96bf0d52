"""Drift: which inputs, and whether the score, moved beyond chance and by enough to matter.

Drift is information. It moves no estimate and retrains nothing: whether quality suffered is for
the estimates from outcomes to say, which come later but are about the thing itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.statistics.psi import frequent, merged, number_codes, number_edges, psi
from truerisk.statistics.threads import one_thread
from truerisk.wording.counted import counted
from truerisk.wording.lists import did_you_mean

FALSE = 0.05  # expected share of false flags among the flags of one call
LEAST = 0.02  # PSI beyond chance; for a normal variable a shift of 0.14 standard deviations
SUBJECTS = 30  # on either side; with fewer, how much they repeat cannot be told
SHOWN = 3  # new categories that a sentence names
SEEN = 5  # rows a new category needs to be named: what fewer share may name somebody


@one_thread
def drift(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    columns: Sequence[str],
    score: str | None = "score",
    subject: str | None = "subject",
    least: float = LEAST,
) -> pd.DataFrame:
    """PSI of every column and of ``score`` against what chance gives, one row each, worst first.

    ``reference`` (n rows) holds the applications the model was approved on, ``current`` (m rows)
    those of now. With K bins (deciles of the reference or its 20 most frequent categories, the
    rest, nulls) and no change PSI averages ``by_chance`` = D(K − 1)(1/n + 1/m) and PSI / D(1/n +
    1/m) is χ²(K − 1); ``critical`` is its 95% quantile for one column, ``p_value`` its tail,
    ``adjusted_p`` that by Benjamini and Hochberg (1995) over all rows. D, the ``design_effect``,
    is Rao and Scott's (1984) first-order one by ``subject``: Σ_k V_k/p_k over its value for
    independent rows, V_k the clustered variance of the difference of shares in bin k; at least 1,
    and 1 where ``subject`` is None. ``effect`` = PSI − by_chance estimates the PSI of the
    populations.

    ``flag`` where adjusted_p ≤ .05 and effect ≥ ``least``: what is certain and small is no drift.
    Also n, m, ``nulls_reference`` and ``nulls_current`` (shares), ``new_categories`` and
    ``new_share`` (of the rows of now), ``status`` and a ``sentence``. A column that cannot be
    compared has null figures and a status that says why. Raises LogError for an empty frame, a
    column that is not there, or one that holds numbers on one side and text on the other.
    """
    wanted = [*dict.fromkeys([*columns, *([score] if score else [])])]
    for what, frame in (("reference", reference), ("current frame", current)):
        if frame.empty:
            raise LogError(f"The {what} of drift has no rows; choose another period.")
        for name in [*wanted, *([subject] if subject else [])]:
            if name not in frame:
                raise LogError(
                    f'The {what} of drift has no column "{name}"; '
                    f"{did_you_mean(name, frame.columns)}."
                )
    subjects = _subjects(reference, current, subject)
    found = pd.DataFrame([_column(reference[c], current[c], subjects) for c in wanted])
    found.insert(0, "column", wanted)
    numbers = ["psi", "by_chance", "effect", "critical", "p_value", "design_effect"]
    found = found.astype({**dict.fromkeys(numbers, "Float64"), "bins": "Int64"})
    found["adjusted_p"] = _benjamini_hochberg(found["p_value"])
    certain = (found["adjusted_p"] <= FALSE).fillna(False)
    found["flag"] = (certain & (found["effect"] >= least).fillna(False)).astype(bool)
    found["sentence"] = [
        _sentence(row, bool(sure)) for row, sure in zip(found.to_dict("records"), certain)
    ]
    found = found.sort_values(["flag", "effect"], ascending=False, kind="stable", ignore_index=True)
    return found.drop(columns="named")


@dataclass(frozen=True)
class Subjects:
    """``code`` per row of both frames, None where nobody comes again; the share of each side's
    rows that counts as independent, (Σ_c n_c)² / Σ_c n_c² over its rows; what forbids a figure."""

    code: np.ndarray | None
    share: tuple[float, float]
    trouble: str


def _subjects(reference: pd.DataFrame, current: pd.DataFrame, subject: str | None) -> Subjects:
    if subject is None:
        return Subjects(None, (1.0, 1.0), "")
    both = pd.concat([reference[subject], current[subject]], ignore_index=True)
    if both.isna().any():
        raise LogError(
            f"{subject} is null in {int(both.isna().sum()):,} of {counted(len(both), 'row')}."
        )
    code, names = pd.factorize(both)
    sizes = [np.bincount(c) for c in (code[: len(reference)], code[len(reference) :])]
    then, now = (int((size > 0).sum()) for size in sizes)
    trouble = ""
    if min(then, now) < SUBJECTS:
        trouble = f"withheld: {counted(then, 'subject')} then, {now:,} now; {SUBJECTS} are needed"
    share = tuple(float(size.sum() / (size**2).sum()) for size in sizes)
    return Subjects(code if len(names) < len(both) else None, share, trouble)  # type: ignore[arg-type]


def _column(then: pd.Series, now: pd.Series, subjects: Subjects) -> dict[str, object]:
    n, m = len(then), len(now)
    number = _is_number(then, now)
    found: dict[str, object] = {
        "kind": "number" if number else "text",
        **dict.fromkeys(("psi", "by_chance", "effect", "critical", "p_value", "bins")),
        "design_effect": None,
        "n_reference": n,
        "n_current": m,
        "nulls_reference": float(then.isna().mean()),
        "nulls_current": float(now.isna().mean()),
        **_new(then, now, number),
        "status": subjects.trouble or "ok",
    }
    codes = _codes(then, now, number, subjects.share)
    bins = int(max(c.max() for c in codes)) + 1
    counts = [np.bincount(c, minlength=bins) for c in codes]
    # A bin of few subjects is thin, however often they came.
    into = merged(*_effective(counts, subjects.share))
    if subjects.trouble or into is None:
        why = f"withheld: nothing to compare in {counted(n, 'row')} then and {m:,} now"
        return found | {"status": subjects.trouble or why}
    from scipy.special import chdtrc, chdtri  # slow to load

    last = int(into.max())
    codes = [into[c] for c in codes]
    counts = [np.bincount(c, minlength=last + 1) for c in codes]
    inflated = 1.0 if subjects.code is None else _design_effect(codes, counts, subjects.code)
    unit = inflated * (1 / n + 1 / m)
    value = psi(*_effective(counts, subjects.share))
    return found | {
        "psi": value,
        "by_chance": last * unit,
        "effect": value - last * unit,
        "critical": float(chdtri(last, FALSE)) * unit,
        "p_value": float(chdtrc(last, value / unit)),
        "bins": last + 1,
        "design_effect": inflated,
    }


def _effective(counts: list[np.ndarray], share: tuple[float, float]) -> list[np.ndarray]:
    """Counts of independent rows on both sides."""
    return [count * part for count, part in zip(counts, share)]


def _design_effect(codes: list[np.ndarray], counts: list[np.ndarray], cluster: np.ndarray) -> float:
    """Σ_k V_k/p_k / ((K − 1)(1/n + 1/m)), at least 1, from the difference each subject makes."""
    bins, subjects = len(counts[0]), int(cluster.max()) + 1
    n, m = len(codes[0]), len(codes[1])
    moved = np.zeros((subjects, bins))
    for code, count, of, sign in zip(codes, counts, (cluster[:n], cluster[n:]), (1, -1)):
        rows = np.bincount(of * bins + code, minlength=subjects * bins).reshape(subjects, bins)
        expected = np.outer(rows.sum(axis=1), count / len(code))
        moved += sign * (rows - expected) / len(code)
    pooled = (counts[0] + counts[1]) / (n + m)
    variance = (moved**2).sum(axis=0) * subjects / (subjects - 1)
    return max(1.0, float((variance / pooled).sum() / ((bins - 1) * (1 / n + 1 / m))))


def _codes(
    then: pd.Series, now: pd.Series, number: bool, share: tuple[float, float]
) -> list[np.ndarray]:
    """The bin of every row on both sides, nulls in one of their own."""
    if number:
        sides = [pd.to_numeric(s).to_numpy(dtype=float, na_value=np.nan) for s in (then, now)]
        fewer = min(then.notna().sum() * share[0], len(now) * share[1])
        edges = number_edges(sides[0], fewer)
        return [number_codes(values, edges) for values in sides]
    listed = [(str(v), int(k)) for v, k in then.astype("str").value_counts().items()]
    listed += [(None, int(then.isna().sum()))]  # type: ignore[list-item]
    often = pd.Index(frequent(listed, len(now) * share[1]), dtype="str")
    made = []
    for side in (then, now):
        at = often.get_indexer(pd.Index(side.astype("str")))
        made.append(np.where(side.isna(), len(often) + 1, np.where(at < 0, len(often), at)))
    return made


def _is_number(then: pd.Series, now: pd.Series) -> bool:
    kinds = {_kind(side) for side in (then, now) if side.notna().any()}
    if len(kinds) > 1:
        raise LogError(
            f'Column "{then.name}" holds numbers on one side of drift and text on the other; '
            "pass both as one of them."
        )
    return "text" not in kinds


def _kind(side: pd.Series) -> str:
    plain = pd.api.types.is_numeric_dtype(side) or not isinstance(side.dropna().iloc[0], str)
    return "number" if plain else "text"


def _new(then: pd.Series, now: pd.Series, number: bool) -> dict[str, object]:
    """How many categories the reference never held, their share of now, and the frequent ones."""
    if number:
        return {"new_categories": 0, "new_share": 0.0, "named": []}
    unseen = now[now.notna() & ~now.isin(then.dropna().unique())]
    rows = unseen.value_counts()
    named = sorted(map(str, rows.index[rows >= SEEN]))[:SHOWN]
    return {
        "new_categories": len(rows),
        "new_share": len(unseen) / len(now),
        "named": named,
    }


def _benjamini_hochberg(p: pd.Series) -> pd.Series:
    """The p-values of the columns that have one, adjusted; null elsewhere."""
    from scipy.stats import false_discovery_control

    known = p.dropna().astype(float)
    adjusted = false_discovery_control(known) if len(known) else known
    return pd.Series(adjusted, index=known.index).reindex(p.index).astype("Float64")


def _sentence(row: dict, certain: bool) -> str:
    name = row["column"]
    if row["status"] != "ok":
        return f"{name}: {row['status']}"
    sized = f"PSI {row['psi']:.3f}, of which chance alone gives {row['by_chance']:.3f}"
    if row["flag"]:
        said = f"{name} moved: {sized}"
    elif certain:
        said = f"{name} moved by too little to matter: {sized}"
    else:
        said = f"{name}: no change beyond chance ({sized})"
    then, now = row["nulls_reference"], row["nulls_current"]
    if row["flag"] and abs(now - then) >= 0.01:
        said += f"; nulls {then:.1%} → {now:.1%}"
    if row["new_categories"]:
        count, names = row["new_categories"], ", ".join(f'"{v}"' for v in row["named"])
        said += f"; {count} new categor{'y' if count == 1 else 'ies'} in {row['new_share']:.1%}"
        said += f" of the rows, such as {names}" if names else " of the rows"
    return f"{said}."
