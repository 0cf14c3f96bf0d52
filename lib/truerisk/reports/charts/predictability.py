"""Charts of predictability: the ladder's rungs, and the learning curve with where it would end."""

import altair as alt
import pandas as pd

from truerisk.evaluation.predictability.learning_curve import LearningCurve
from truerisk.reports.charts.style import INK, SOFT, STYLES, finish, rounded, tips
from truerisk.wording.numbers import change, decimal, interval, whole

COLOR = STYLES["dr"][0]


def rungs(ladder: pd.DataFrame) -> alt.TopLevelMixin:
    """The AUC of every rung from the lowest up: a dot on its interval."""
    rows = rounded(ladder[ladder["metric"].eq("auc")])
    gains = ladder[ladder["metric"].eq("auc_gain")].set_index("rung")["value"]
    rows["shown"] = [decimal(v) for v in rows["value"]]
    rows["range"] = [interval(a, b, decimal) for a, b in zip(rows["low"], rows["high"])]
    rows["gain"] = [change(gains[r]) if r in gains else "the lowest rung" for r in rows["rung"]]
    order = [r.replace("_", " ") for r in rows["rung"]]
    rows["rung"] = order
    y = alt.Y("rung:N", title=None, sort=order, axis=alt.Axis(labelLimit=160))
    scale = alt.Scale(zero=False, padding=12, nice=False)
    axis = alt.Axis(format=".2f", tickCount=6)
    x = alt.X("value:Q", title=None, scale=scale, axis=axis)
    low = alt.X("low:Q", title=None, scale=scale, axis=axis)
    half = alt.Chart(pd.DataFrame({"half": [0.5]})).mark_rule(color=SOFT, strokeDash=[2, 3])
    base = alt.Chart(rows)
    names = {"rung": "Rung", "shown": "AUC", "range": "95% interval", "gain": "Gain over below"}
    dots = base.mark_point(filled=True, size=90, opacity=1, color=COLOR)
    return finish(
        alt.layer(
            half.encode(x="half:Q"),
            base.mark_rule(strokeWidth=2.5, color=COLOR).encode(x=low, x2="high:Q", y=y),
            dots.encode(x=x, y=y, tooltip=tips(names)),
        ),
        52 * len(order),
    )


def learning(curve: LearningCurve) -> alt.TopLevelMixin:
    """AUC over the number of training outcomes; the fitted law goes on, dashed, to its ceiling."""
    points, found = curve.points, curve.ceiling
    points = rounded(points).assign(
        size=[whole(n) for n in points["rows"]],
        shown=[decimal(v) for v in points["auc"]],
        range=[interval(a, b, decimal) for a, b in zip(points["low"], points["high"])],
    )
    scale = alt.Scale(type="log", nice=False, padding=14)
    most = float(points["rows"].max())
    ticks = [n for n in (100, 1_000, 10_000, 100_000, 1_000_000) if n <= 4 * most]
    x_axis = alt.Axis(format="~s", values=[*ticks, *(3 * t for t in ticks)], grid=False)
    x = alt.X("rows:Q", title="Training outcomes, log scale", scale=scale, axis=x_axis)
    y_scale = alt.Scale(zero=False, nice=False, padding=10)
    y_axis = alt.Axis(format=".2f", tickCount=6)

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", title=None, scale=y_scale, axis=y_axis)

    layers = []
    if found.grid is not None and found.value is not None and found.band is not None:
        law = pd.DataFrame({"rows": found.grid, "fitted": found.fitted})
        law["low"], law["high"] = found.band
        law = rounded(law)
        layers.append(
            alt.Chart(law).mark_area(opacity=0.16, color=COLOR).encode(x=x, y=y("low"), y2="high:Q")
        )
        for part, dash in ((law["rows"] <= most * 1.001, [1, 0]), (law["rows"] >= most, [6, 4])):
            line = alt.Chart(law[part]).mark_line(strokeWidth=2, strokeDash=dash, color=COLOR)
            layers.append(line.encode(x=x, y=y("fitted")))
        end = pd.DataFrame(
            {
                "end": [found.value[0]],
                "text": [f"ceiling {decimal(found.value[0])} (estimate)"],
            }
        )
        rule = alt.Chart(rounded(end)).mark_rule(color=INK, strokeDash=[2, 3], strokeWidth=1.5)
        said = alt.Chart(rounded(end)).mark_text(
            align="left", baseline="bottom", x=4, dy=-3, color=INK, fontSize=13
        )
        layers += [rule.encode(y=y("end")), said.encode(y=y("end"), text="text:N")]
    base = alt.Chart(points)
    dots = base.mark_point(filled=True, size=80, opacity=1, color=COLOR)
    names = {"size": "Training outcomes", "shown": "AUC", "range": "95% interval", "fits": "Fits"}
    layers += [
        base.mark_rule(strokeWidth=2, color=COLOR).encode(x=x, y=y("low"), y2="high:Q"),
        dots.encode(x=x, y=y("auc"), tooltip=tips(names)),
    ]
    return finish(alt.layer(*layers), 280)
