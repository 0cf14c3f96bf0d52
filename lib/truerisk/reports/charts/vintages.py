"""Vintages: what matured, what is forecast of the immature, the early sign; beside the promise."""

import altair as alt
import pandas as pd

from truerisk.reports.charts.style import (
    APART,
    SOFT,
    STYLES,
    finish,
    month_axis,
    rounded,
    tips,
)
from truerisk.wording.numbers import interval, percent, whole

KINDS = {
    "matured": ("matured", STYLES["dr"][0], "circle", [1, 0]),
    "completed": ("completed: a forecast", STYLES["naive"][0], "diamond", [4, 3]),
    "early": ("early sign, not the outcome", "#767676", "square", [1, 2]),
}


def vintage_rates(vintages: pd.DataFrame, promise: tuple[float, float] | None) -> alt.TopLevelMixin:
    """The event rate of everyone by month of application, with 95% interval."""
    rows = _told(vintages[vintages["value"].notna()])
    there = [k for k in KINDS if rows["kind"].eq(k).any()]
    labels, color_range, shape_range, _ = zip(*(KINDS[k] for k in there))
    color = alt.Color(
        "label:N", title=None, scale=alt.Scale(domain=list(labels), range=list(color_range))
    )
    shape = alt.Shape(
        "label:N", title=None, scale=alt.Scale(domain=list(labels), range=list(shape_range))
    )
    months = sorted(vintages["vintage"].dt.strftime("%Y-%m").unique())
    x = month_axis("month", months)
    axis = alt.Axis(format="~%", tickCount=6)
    names = {"month": "Month", "label": "What", "shown": "Event rate", "range": "95% interval"}
    names |= {"applications": "Applications", "explored": "Explored labels", "status": "Status"}
    layers: list[alt.Chart] = [] if promise is None else _promise(promise)
    for i, kind in enumerate(there):
        base, off = alt.Chart(rows[rows["kind"] == kind]), (2 * i - len(there) + 1) * APART
        layers.append(
            base.mark_rule(strokeWidth=2, strokeDash=KINDS[kind][3], xOffset=off).encode(
                x=x, y=alt.Y("low:Q", title=None, axis=axis), y2="high:Q", color=color
            )
        )
        layers.append(
            base.mark_point(
                filled=kind != "completed", strokeWidth=2, size=70, opacity=1, xOffset=off
            ).encode(
                x=x, y=alt.Y("value:Q", title=None, axis=axis), color=color, shape=shape,
                tooltip=tips(names),
            )
        )  # fmt: skip
    return finish(alt.layer(*layers), 280)


def _told(rows: pd.DataFrame) -> pd.DataFrame:
    return rounded(rows[["kind", "value", "low", "high", "status"]]).assign(
        month=rows["vintage"].dt.strftime("%Y-%m"),
        label=[KINDS[k][0] for k in rows["kind"]],
        shown=[percent(v) for v in rows["value"]],
        range=[interval(a, b, percent) for a, b in zip(rows["low"], rows["high"])],
        applications=[whole(n) for n in rows["n"]],
        explored=[whole(n) for n in rows["explored_labels"]],
    )  # fmt: skip


def _promise(promise: tuple[float, float]) -> list[alt.Chart]:
    ends = rounded(pd.DataFrame([{"from": promise[0], "to": promise[1]}]))
    band = alt.Chart(ends).mark_rect(color=SOFT, opacity=0.16)
    lines = alt.Chart(ends.melt()).mark_rule(color=SOFT, strokeDash=[6, 3])
    return [
        band.encode(y=alt.Y("from:Q", title=None), y2="to:Q"),
        lines.encode(y=alt.Y("value:Q", title=None)),
    ]
