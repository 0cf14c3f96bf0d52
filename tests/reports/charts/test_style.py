"""What charts share: one month axis, one form of tooltip, the same digits."""

import numpy as np
import pandas as pd

from truerisk.reports.charts.style import DIGITS, month_axis, rounded, tips


def test_digits_that_another_processor_rounds_otherwise_are_not_drawn() -> None:
    rows = pd.DataFrame({"value": [1 / 3, np.nan], "n": [1, 2], "who": ["a", "b"]})
    rows["low"] = pd.array([0.1, None], dtype="Float64")
    other = rows.assign(value=np.nextafter(rows["value"], 1))
    pd.testing.assert_frame_equal(rounded(rows), rounded(other))
    assert rounded(rows)["value"].iloc[0] == round(1 / 3, DIGITS)
    assert rounded(rows)["low"].dtype == "float64"
    assert rounded(rows)["n"].tolist() == [1, 2]


def test_months_stand_aslant_where_they_are_many() -> None:
    few, many = (
        month_axis("month", ["2025-01"]),
        month_axis("month", [f"2025-{m:02}" for m in range(1, 9)]),
    )
    assert few.to_dict()["axis"]["labelAngle"] == 0
    assert many.to_dict()["axis"]["labelAngle"] == -45
    assert len(many.to_dict()["scale"]["domain"]) == 8
    assert [t.to_dict()["title"] for t in tips({"month": "Month", "n": "Number"})] == [
        "Month",
        "Number",
    ]
