"""Charts in dollars: the review curve with the present capacity, and what exploring cost."""

from collections.abc import Callable

import altair as alt
import pandas as pd

from truerisk.reports.charts.style import (
    INK,
    SOFT,
    STYLES,
    dollar_axis,
    finish,
    month_axis,
    rounded,
    tips,
)
from truerisk.statistics.interval import Z
from truerisk.wording.dollars import dollars
from truerisk.wording.numbers import decimal, interval, percent, rough

Form = Callable[[float], str]
COLOR = STYLES["dr"][0]
RECALL = "recall_at_capacity"
COSTS = {
    "predicted": ("predicted of the outcomes known", "#b8c4ce"),
    "realised": ("realised of the same", STYLES["naive"][0]),
}


def review(curve: pd.DataFrame, figure: str, at_capacity: str) -> alt.TopLevelMixin:
    """A figure a day over recall with its interval; a diamond where the present capacity lies."""
    money = "dollars" in figure
    form = dollars if money else rough
    rows = _told(curve[curve["figure"].eq(figure)], form)
    precise = curve[curve["figure"].isin(["precision", "threshold"])]
    by = precise.pivot_table("value", "at", "figure").reindex(rows["recall"])
    rows["precision"] = [percent(v) for v in by.get("precision", pd.Series(index=by.index))]
    rows["threshold"] = [decimal(v) for v in by.get("threshold", pd.Series(index=by.index))]
    x = alt.X(
        "recall:Q",
        title="Share of all events caught (recall)",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="~%", tickCount=5),
    )
    axis = dollar_axis(5) if money else alt.Axis(format=",.0f", tickCount=5)
    y = alt.Y("value:Q", title=None, scale=alt.Scale(zero=not money), axis=axis)
    names = {"caught": "Recall", "shown": "A day", "range": "95% interval"}
    names |= {"precision": "Precision", "threshold": "Score from"}
    said = tips(names)
    base = alt.Chart(rows)
    low = alt.Y("low:Q", title=None, axis=axis)
    layers = [
        base.mark_area(opacity=0.18, color=COLOR).encode(x=x, y=low, y2="high:Q"),
        base.mark_line(strokeWidth=2, color=COLOR).encode(x=x, y=y),
        base.mark_point(filled=True, size=60, opacity=1, color=COLOR).encode(
            x=x, y=y, tooltip=said
        ),
    ]
    return finish(alt.layer(*layers, *_capacity(curve, at_capacity, form, x, y)), 260)


def spend(months: pd.DataFrame) -> alt.TopLevelMixin:
    """Predicted and realised cost of the explored by month; the realised with its 95% interval."""
    long = pd.concat([_cost(months, kind) for kind in COSTS], ignore_index=True)
    labels = [label for label, _ in COSTS.values()]
    scale = alt.Scale(domain=labels, range=[color for _, color in COSTS.values()])
    color = alt.Color("what:N", title=None, scale=scale)
    x = month_axis("month", list(months["month"]))
    axis = dollar_axis(5)
    y = alt.Y("value:Q", title=None, axis=axis)
    names = {"month": "Month", "what": "Cost", "shown": "Dollars", "range": "95% interval"}
    said = tips(names)
    bars = alt.Chart(long[long["kind"] == "predicted"])
    dots = alt.Chart(long[long["kind"] == "realised"])
    return finish(
        alt.layer(
            bars.mark_bar(stroke=SOFT, strokeWidth=0.5, width=alt.RelativeBandSize(0.6)).encode(
                x=x, y=y, color=color, tooltip=said
            ),
            dots.mark_rule(strokeWidth=2).encode(
                x=x, y=alt.Y("low:Q", title=None, axis=axis), y2="high:Q", color=color
            ),
            dots.mark_point(filled=True, size=70, opacity=1, shape="square").encode(
                x=x, y=y, color=color, tooltip=said
            ),
        ),
        240,
    )


def _told(rows: pd.DataFrame, form: Form) -> pd.DataFrame:
    rows = rows[rows["value"].notna()]
    return rounded(rows[["value", "low", "high"]]).assign(
        recall=rows["at"].astype(float),
        caught=[percent(v) for v in rows["at"]],
        shown=[form(v) for v in rows["value"]],
        range=[interval(a, b, form) for a, b in zip(rows["low"], rows["high"])],
    )  # fmt: skip


def _capacity(curve: pd.DataFrame, figure: str, form: Form, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    there = curve[curve["value"].notna() & curve["figure"].isin([figure, RECALL])]
    rows = there.set_index("figure").to_dict("index")
    if not {figure, RECALL} <= set(rows):
        return []
    recall, row = rows[RECALL], rows[figure]
    point = pd.DataFrame(
        [
            {
                "recall": float(recall["value"]),
                **{k: float(row[k]) for k in ("value", "low", "high")},
                "said": f"{row['at']:g} a day, as now",
                "caught": percent(recall["value"]),
                "shown": form(row["value"]),
                "range": interval(row["low"], row["high"], form),
            }
        ]
    )
    names = {"said": "Capacity", "caught": "Recall", "shown": "A day", "range": "95% interval"}
    said = tips(names)
    base = alt.Chart(rounded(point))
    return [
        base.mark_rule(color=INK, strokeWidth=1.5).encode(
            x=x, y=alt.Y("low:Q", title=None), y2="high:Q"
        ),
        base.mark_point(
            filled=True, size=130, opacity=1, shape="diamond", color=INK
        ).encode(x=x, y=y, tooltip=said),
    ]  # fmt: skip


def _cost(months: pd.DataFrame, kind: str) -> pd.DataFrame:
    half = Z * months["realised_se"] * (kind == "realised")
    value = months[kind].astype(float)
    low, high = value - half, value + half
    said = "" if kind == "predicted" else None
    cost = pd.DataFrame(
        {
            "month": months["month"],
            "kind": kind,
            "what": COSTS[kind][0],
            "value": value,
            "low": low,
            "high": high,
            "shown": [dollars(v) for v in value],
            "range": [
                "known" if said == "" else interval(a, b, dollars) for a, b in zip(low, high)
            ],
        }
    )
    return rounded(cost)
