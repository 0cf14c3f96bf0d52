"""What every chart shares: colours, shapes, dashes, axes and letters."""

import altair as alt

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


def dollar_axis(ticks: int) -> alt.Axis:
    """Ticks such as $0.05, $250 and $1.2M: cents stay cents (SI writes a milli-dollar as m)."""
    large = "replace(format(datum.value, '$,.3~s'), 'G', 'B')"
    said = f"abs(datum.value) < 1000 ? format(datum.value, '$,.3~r') : {large}"
    return alt.Axis(labelExpr=f"datum.value == 0 ? '$0' : {said}", tickCount=ticks)


def finish(chart: alt.TopLevelMixin, height: int) -> alt.TopLevelMixin:
    """As wide as its place, in the page's own type."""
    return chart.properties(width="container", height=height, background="white", config=CONFIG)
