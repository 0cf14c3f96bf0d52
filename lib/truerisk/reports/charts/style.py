"""What every chart shares: colours, shapes, dashes, axes, tooltips, digits and letters."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

# Okabe and Ito's colours, told apart without colour by shape, dash and grey value.
STYLES = {
    "dr": ("#0072b2", "circle", [1, 0]),
    "ipw": ("#009e73", "diamond", [2, 2]),
    "naive": ("#d55e00", "square", [6, 4]),
}
INK, SOFT, FAINT = "#1b1f24", "#57606a", "#d0d7de"
CONFIG = {
    "font": "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif",
    "padding": 2,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": SOFT,
        "gridColor": FAINT,
        "gridOpacity": 0.6,
        "domainColor": SOFT,
        "tickColor": SOFT,
    },
    "axisY": {"domain": False, "ticks": False},
    "legend": {
        "orient": "top",
        "direction": "vertical",
        "labelFontSize": 13,
        "labelLimit": 0,
        "labelColor": INK,
        "symbolSize": 90,
        "symbolOpacity": 1,
        "offset": 8,
        "rowPadding": 3,
    },
}
APART = 5  # pixels between two estimators at the same place
DIGITS = 6  # what linear algebra rounds otherwise on another day must not change the page's hash


def dollar_axis(ticks: int) -> alt.Axis:
    """Ticks such as $0.05, $250 and $1.2M: cents stay cents (SI writes a milli-dollar as m)."""
    large = "replace(format(datum.value, '$,.3~s'), 'G', 'B')"
    said = f"abs(datum.value) < 1000 ? format(datum.value, '$,.3~r') : {large}"
    return alt.Axis(labelExpr=f"datum.value == 0 ? '$0' : {said}", tickCount=ticks)


def month_axis(column: str, months: Sequence[str]) -> alt.X:
    """All of these months from left to right, aslant where more than three stand there."""
    slant = -45 if len(months) > 3 else 0
    return alt.X(
        f"{column}:O",
        title=None,
        scale=alt.Scale(domain=list(months)),
        axis=alt.Axis(labelAngle=slant, labelOverlap=True),
    )


def tips(names: Mapping[str, str]) -> list[alt.Tooltip]:
    """What a mark says when it is pointed at: column → title; texts, already in words."""
    return [alt.Tooltip(f"{column}:N", title=title) for column, title in names.items()]


def rounded(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with their numbers in the digits that a chart is drawn from."""
    floats = [name for name in rows if pd.api.types.is_float_dtype(rows[name])]
    return rows.astype(dict.fromkeys(floats, "float64")).round(DIGITS)


def finish(chart: alt.TopLevelMixin, height: int) -> alt.TopLevelMixin:
    """As wide as its place, in the page's own type."""
    return chart.properties(width="container", height=height, background="white", config=CONFIG)
