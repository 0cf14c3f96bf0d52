"""A watched series: the running value in its confidence sequence, beside what was promised."""

from collections.abc import Callable

import altair as alt
import pandas as pd

from truerisk.measurement.watching.alert import SINCE_APPROVAL
from truerisk.reports.charts.style import INK, SOFT, STYLES, finish, rounded, tips
from truerisk.wording.numbers import day, interval, whole

PROMISED, LONG, QUARTER, ALERT = "promised", SINCE_APPROVAL, "each quarter anew", "alert"
COLORS = {PROMISED: SOFT, LONG: STYLES["dr"][0], QUARTER: STYLES["naive"][0], ALERT: INK}
SHAPES = {PROMISED: "stroke", LONG: "circle", QUARTER: "square", ALERT: "triangle-up"}


def watched(rows: pd.DataFrame, form: Callable[[float], str], axis: alt.Axis) -> alt.TopLevelMixin:
    """One series of watch(), week by week; ``form`` writes a value, ``axis`` its ticks."""
    told = _told(_once(rows[rows["value"].notna()]), form)
    there = [PROMISED] * bool(told["reference_low"].notna().any())
    there += [LONG, *([QUARTER] if told["kind"].eq(QUARTER).any() else [])]
    there += [ALERT] * bool(told["alert"].any())
    scale = alt.Scale(domain=there, range=[COLORS[k] for k in there])
    color = alt.Color("kind:N", title=None, scale=scale)
    shape = alt.Shape(
        "kind:N", title=None, scale=alt.Scale(domain=there, range=[SHAPES[k] for k in there])
    )
    x = alt.X(
        "week:T",
        title=None,
        scale=alt.Scale(type="utc", padding=8),
        axis=alt.Axis(format="%d %b %y", labelOverlap=True, tickCount=5),
    )
    y = alt.Y(
        "value:Q",
        title=None,
        scale=alt.Scale(zero=False, padding=6),
        axis=axis,
    )
    low = y.copy(deep=True)
    low["shorthand"] = "low:Q"
    names = {"day": "Week of", "kind": "Sequence", "shown": "Value", "range": "Holds at all looks"}
    names |= {"promise": "Promised", "applications": "Applications", "labels": "Explored labels"}
    said = tips(names)
    long, short = (alt.Chart(told[told["kind"] == k]) for k in (LONG, QUARTER))
    layers: list[alt.Chart] = []
    if PROMISED in there:
        layers += _promise(told, scale)
    layers.append(
        long.mark_area(opacity=0.18).encode(x=x, y=low, y2="high:Q", color=color),
    )
    layers.append(long.mark_line(strokeWidth=2.2).encode(x=x, y=y, color=color))
    dots = {"filled": True, "opacity": 1}
    layers.append(
        long.mark_point(size=26, **dots).encode(x=x, y=y, color=color, shape=shape, tooltip=said)
    )
    if QUARTER in there:
        layers += [
            short.mark_rule(strokeWidth=1.2, strokeDash=[3, 2]).encode(
                x=x, y=low, y2="high:Q", color=color
            ),
            short.mark_line(strokeWidth=1.4, strokeDash=[5, 3]).encode(
                x=x, y=y, color=color, detail="scope:N"
            ),
            short.mark_point(size=30, **dots).encode(
                x=x, y=y, color=color, shape=shape, tooltip=said
            ),
        ]
    if ALERT in there:
        rang = alt.Chart(told[told["alert"]].assign(kind=ALERT))
        layers.append(
            rang.mark_point(size=75, yOffset=-9, **dots).encode(
                x=x, y=y, color=color, shape=shape, tooltip=said
            )
        )
    return finish(alt.layer(*layers), 230)


def _once(rows: pd.DataFrame) -> pd.DataFrame:
    """Without the first quarter's sequence where it is about the same applications as the long."""
    long = rows[rows["scope"].eq(SINCE_APPROVAL)].set_index("week")["n"]
    same = rows["scope"].ne(SINCE_APPROVAL) & rows["week"].map(long).eq(rows["n"])
    return rows[~same | rows["alert"]]


def _told(rows: pd.DataFrame, form: Callable[[float], str]) -> pd.DataFrame:
    numbers = ["value", "low", "high", "reference_low", "reference_high"]
    rows = rows.astype(dict.fromkeys(numbers, "float64"))
    kept = rounded(rows[[*numbers, "scope", "alert"]])
    promises = [
        interval(a, b, form) if pd.notna(a) else "nothing"
        for a, b in zip(rows["reference_low"], rows["reference_high"])
    ]
    return kept.assign(
        week=rows["week"].dt.strftime("%Y-%m-%dT00:00:00Z"),
        day=[day(w) for w in rows["week"]],
        kind=rows["scope"].eq(SINCE_APPROVAL).map({True: LONG, False: QUARTER}),
        shown=[form(v) for v in rows["value"]],
        range=[interval(a, b, form) for a, b in zip(rows["low"], rows["high"])],
        promise=promises,
        applications=[whole(n) for n in rows["n"]],
        labels=[whole(n) for n in rows["explored_labels"]],
    )


def _promise(told: pd.DataFrame, scale: alt.Scale) -> list[alt.Chart]:
    """A grey band between two dashed lines, across all weeks."""
    ends = told[["reference_low", "reference_high"]].dropna().iloc[:1].assign(kind=PROMISED)
    color = alt.Color("kind:N", title=None, scale=scale)
    low, high = (alt.Y(f"{name}:Q", title=None) for name in ("reference_low", "reference_high"))
    base = alt.Chart(ends)
    lines = {"strokeDash": [6, 3], "strokeWidth": 1.2}
    return [
        base.mark_rect(color=SOFT, opacity=0.16).encode(y=low, y2="reference_high:Q"),
        base.mark_rule(**lines).encode(y=low, color=color),
        base.mark_rule(**lines).encode(y=high, color=color),
    ]
