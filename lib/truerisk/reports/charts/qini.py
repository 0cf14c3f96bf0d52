"""Qini curves: what acting on the highest of each score adds beyond as many at random."""

import altair as alt
import pandas as pd

from truerisk.reports.charts.style import INK, STYLES, finish, rounded, tips
from truerisk.wording.numbers import interval, percent

COLORS = [STYLES["dr"][0], STYLES["naive"][0], STYLES["ipw"][0], INK]
PER = 1_000


def qini_curves(curves: pd.DataFrame) -> alt.TopLevelMixin:
    """``curves``: rows of tr.uplift.qini of the figure qini, with a value; bands hold at once."""
    rows = curves[["score", "share", "value", "band_low", "band_high"]].copy()
    for column in ("value", "band_low", "band_high"):
        rows[column] = rows[column].astype(float) * PER
    rows = rounded(rows).assign(
        share=rows["share"].astype(float),
        at=[percent(float(q)) for q in rows["share"]],
        shown=[f"{v:,.1f}" for v in rows["value"]],
        range=[interval(a, b, _said) for a, b in zip(rows["band_low"], rows["band_high"])],
    )
    start = rows.drop_duplicates("score").assign(
        share=0.0, value=0.0, band_low=0.0, band_high=0.0, at="0%", shown="0", range="0"
    )
    rows = pd.concat([start, rows], ignore_index=True)
    names = list(dict.fromkeys(rows["score"]))
    color = alt.Color(
        "score:N", title=None, scale=alt.Scale(domain=names, range=COLORS[: len(names)])
    )
    x = alt.X("share:Q", title="Share acted on, highest scores first", axis=alt.Axis(format="~%"))
    events = "Events added beyond chance, for 1,000 applications"
    y = alt.Y("value:Q", title=events)
    said = tips({"score": "Score", "at": "Share", "shown": "Events added", "range": "95% band"})
    base = alt.Chart(rows)
    layers = [
        base.mark_area(opacity=0.14).encode(
            x=x, y=alt.Y("band_low:Q", title=events), y2="band_high:Q", color=color
        ),
        base.mark_line(strokeWidth=2).encode(x=x, y=y, color=color),
        base.mark_point(filled=True, size=45, opacity=1).encode(
            x=x, y=y, color=color, tooltip=said
        ),
    ]
    return finish(alt.layer(*layers), 300)


def _said(value: float) -> str:
    return f"{value:,.1f}"
