"""Charts of estimates: intervals always, and shape and dash beside every colour."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from truerisk.reports.charts.style import (
    APART,
    INK,
    SOFT,
    STYLES,
    dollar_axis,
    finish,
    month_axis,
    rounded,
    tips,
)
from truerisk.reports.kit.wording import Who
from truerisk.wording.dollars import dollars
from truerisk.wording.numbers import FORMS, interval, percent


def calibration(bands: pd.DataFrame, whos: Sequence[Who]) -> alt.TopLevelMixin:
    """Observed event rate of every score band with its interval, on the line where it belongs."""
    rows = _rows(bands, whos, "event_rate").assign(
        predicted=lambda r: [percent(v) for v in r["mean_score"]],
        band=lambda r: r["group"],
    )
    most = min(float(rows[["mean_score", "high"]].max().max()) * 1.05, 1.0)
    scale = alt.Scale(type="sqrt", domain=[0, most], clamp=True, nice=False)
    ends = pd.DataFrame({"at": [0.0, most]})
    round_ones = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0]
    ticks = alt.Axis(
        format="~%",
        values=[t for t in round_ones if t <= most],
        labelOverlap="greedy",
        labelSeparation=4,
    )
    line = alt.Chart(ends).mark_line(color=SOFT, strokeDash=[2, 3]).encode(x="at:Q", y="at:Q")
    x = alt.X("mean_score:Q", title="Mean score of the band", scale=scale, axis=ticks)
    y = {"scale": scale, "axis": ticks}
    first = {"band": "Band, 1 the lowest", "predicted": "Mean score"}
    return finish(alt.layer(line, *_marks(rows, whos, x, y, first)), 340)


def curve(
    measured: pd.DataFrame, whos: Sequence[Who], metric: str, action: str
) -> alt.TopLevelMixin:
    """A metric with its band over the share of applications that a threshold lets through."""
    rows = _rows(measured, whos, metric).assign(through=lambda r: [percent(s) for s in r["share"]])
    x = alt.X(
        "share:Q",
        title=f"Share of applications {action}",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="~%", tickCount=5),
    )
    axis = dollar_axis(6) if metric == "policy_value" else alt.Axis(format="~%", tickCount=6)
    y = alt.Y("value:Q", title=None, axis=axis)
    said = _estimate_tips({"cut": "Score below", "through": "Share"})
    (color, shape), layers = _scales(rows, whos), []
    for who in _shown(rows, whos):
        base = alt.Chart(rows[rows["who"] == who.label])
        band = base.mark_area(opacity=0.16)
        line = base.mark_line(strokeWidth=2, strokeDash=STYLES[who.estimator][2])
        dots = base.mark_point(filled=True, size=44, opacity=1)
        layers += [
            band.encode(x=x, y=alt.Y("low:Q", title=None), y2="high:Q", color=color),
            line.encode(x=x, y=y, color=color),
            dots.encode(x=x, y=y, color=color, shape=shape, tooltip=said),
        ]
    if metric == "policy_value":
        zero = alt.Chart(pd.DataFrame({"zero": [0]})).mark_rule(color=SOFT).encode(y="zero:Q")
        layers.insert(0, zero)
    return finish(alt.layer(*layers), 260)


def candidates(
    estimates: pd.DataFrame, whos: Sequence[Who], gap: dict[str, float]
) -> alt.TopLevelMixin:
    """The AUC of every candidate: a dot on its interval; a cross where the gap variant lies."""
    rows = _rows(estimates, whos, "auc")
    order = list(dict.fromkeys(estimates["model"]))
    y = alt.Y(
        "model:N",
        title=None,
        sort=order,
        scale=alt.Scale(domain=order),
        axis=alt.Axis(labelLimit=160),
    )
    color, shape = _scales(rows, whos)
    scale = alt.Scale(zero=False, padding=12, nice=False)
    x = alt.X("value:Q", title=None, scale=scale, axis=alt.Axis(format=".2f", tickCount=6))
    layers = [alt.Chart(pd.DataFrame({"half": [0.5]})).mark_rule(color=SOFT, strokeDash=[2, 3])]
    layers[0] = layers[0].encode(x="half:Q")
    for i, who in enumerate(_shown(rows, whos)):
        base = alt.Chart(rows[rows["who"] == who.label])
        off = (2 * i - len(whos) + 1) * APART * 1.4
        layers.append(
            base.mark_rule(strokeWidth=2.5, yOffset=off).encode(
                x=alt.X("low:Q", title=None, scale=scale),
                x2="high:Q",
                y=y,
                color=color,
            )
        )
        layers.append(
            base.mark_point(filled=True, size=90, opacity=1, yOffset=off).encode(
                x=x, y=y, color=color, shape=shape, tooltip=_estimate_tips({"model": "Candidate"})
            )
        )
    if gap:
        crosses = pd.DataFrame({"model": list(gap), "value": list(gap.values())})
        crosses["shown"] = [FORMS["auc"](v) for v in crosses["value"]]
        tip = tips({"model": "Candidate", "shown": "With gap"})
        marks = alt.Chart(crosses).mark_point(
            shape="cross", angle=45, size=110, color=INK, filled=True, opacity=1, yOffset=18
        )
        layers.append(marks.encode(x=x, y=y, tooltip=tip))
    return finish(alt.layer(*layers), 66 * len(order))


def vintages(estimates: pd.DataFrame, whos: Sequence[Who], metric: str) -> alt.TopLevelMixin:
    """A metric by month of application, every estimator beside the others."""
    rows = _rows(estimates, whos, metric)
    months = sorted(estimates["group"].unique())
    x = month_axis("group", months)
    form = "~%" if metric == "event_rate" else ".2f"
    y = {
        "scale": alt.Scale(zero=metric == "event_rate"),
        "axis": alt.Axis(format=form, tickCount=6),
    }
    return finish(alt.layer(*_marks(rows, whos, x, y, {"group": "Month"}, line=True)), 260)


def months(counts: pd.DataFrame) -> alt.TopLevelMixin:
    """Applications by month, those mature and those followed inside them."""
    parts = {"applied": "#d9dee3", "mature": "#8fb7d3", "followed": "#0b4f7d"}
    labels = {"applied": "applied", "mature": "of these mature", "followed": "of these followed"}
    long = counts.melt("month", list(parts), "part", "n").replace({"part": labels})
    long["shown"] = [f"{n:,}" for n in long["n"]]
    x = month_axis("month", list(counts["month"]))
    scale = alt.Scale(domain=list(labels.values()), range=list(parts.values()))
    layers = [
        alt.Chart(long[long["part"] == label])
        .mark_bar(stroke=SOFT, strokeWidth=0.5, width=alt.RelativeBandSize(0.9 - 0.22 * i))
        .encode(
            x=x,
            y=alt.Y("n:Q", title=None, axis=alt.Axis(format=",d", tickCount=5)),
            color=alt.Color("part:N", scale=scale, title=None),
            tooltip=tips({"month": "Month", "part": "Applications", "shown": "Number"}),
        )
        for i, label in enumerate(labels.values())
    ]
    return finish(alt.layer(*layers), 220)


def can_draw(estimates: pd.DataFrame, whos: Sequence[Who], metric: str) -> bool:
    """Whether any estimate of the metric has a value or bounds to show."""
    return not _rows(estimates, whos, metric).empty


def _rows(estimates: pd.DataFrame, whos: Sequence[Who], metric: str) -> pd.DataFrame:
    """The drawable rows of a metric as plain floats, with who they are about and their text."""
    found = pd.concat([w.of(estimates).assign(who=w.label) for w in whos], ignore_index=True)
    found = found[found["metric"].eq(metric) & found["low"].notna()]
    form = FORMS.get(metric, dollars)
    ranges = [interval(a, b, form) for a, b in zip(found["low"], found["high"])]
    shown = [form(v) if pd.notna(v) else "bounds only" for v in found["value"]]
    told: dict[str, list[str]] = {"shown": shown, "range": ranges}
    if "threshold" in found:
        told["cut"] = [f"{t:.4g}" for t in found["threshold"]]
    kept = ["group", "model", "who", "value", "low", "high", "mean_score", "share"]
    return rounded(found[[c for c in kept if c in found]]).assign(**told)


def _shown(rows: pd.DataFrame, whos: Sequence[Who]) -> list[Who]:
    return [w for w in whos if rows["who"].eq(w.label).any()]


def _scales(rows: pd.DataFrame, whos: Sequence[Who]) -> tuple[alt.Color, alt.Shape]:
    """One legend of colour and shape; nobody who has no number stands in it."""
    there = _shown(rows, whos)
    labels = [w.label for w in there]
    color, shape, _ = zip(*(STYLES[w.estimator] for w in there))
    return (
        alt.Color("who:N", title=None, scale=alt.Scale(domain=labels, range=list(color))),
        alt.Shape("who:N", title=None, scale=alt.Scale(domain=labels, range=list(shape))),
    )


def _marks(
    rows: pd.DataFrame, whos: Sequence[Who], x: alt.X, y: dict, first: dict, line: bool = False
) -> list[alt.Chart]:
    """Per estimator an interval with its point, a little apart from the other estimator's."""
    color, shape = _scales(rows, whos)
    ends, layers = alt.Y("low:Q", title=None, **y), []
    for i, who in enumerate(_shown(rows, whos)):
        base, off = alt.Chart(rows[rows["who"] == who.label]), (2 * i - len(whos) + 1) * APART
        at = base.transform_filter("isValid(datum.value)")
        up = alt.Y("value:Q", title=None, **y)
        if line:
            dash = STYLES[who.estimator][2]
            joined = at.mark_line(strokeWidth=1.5, strokeDash=dash, xOffset=off)
            layers.append(joined.encode(x=x, y=up, color=color))
        layers.append(
            base.mark_rule(strokeWidth=2, xOffset=off).encode(x=x, y=ends, y2="high:Q", color=color)
        )
        layers.append(
            at.mark_point(filled=True, size=70, opacity=1, xOffset=off).encode(
                x=x, y=up, color=color, shape=shape, tooltip=_estimate_tips(first)
            )
        )
    return layers


def _estimate_tips(first: dict[str, str]) -> list[alt.Tooltip]:
    return tips({**first, "who": "About", "shown": "Estimate", "range": "95% interval"})
