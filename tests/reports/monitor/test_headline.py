"""The measured result in a terminal: columns that line up, and no value where there is none."""

import pytest

from tests.reports import looks
from truerisk.reports.monitor.headline import headline


@pytest.mark.parametrize("policy", ["newer", "a model with a very long name indeed"])
def test_columns_line_up_whatever_a_policy_is_called(problem, policy):
    parts = [looks.rows("event_rate"), looks.rows("policy_gain", policy)]
    text = headline(problem, looks.frame(parts).assign(model_version="abc"))
    lines = text.splitlines()[1:]
    assert len(lines) == 3
    assert len({len(line) for line in lines[:2]}) == 1
    right = lines[0].index("as usually reported") + len("as usually reported")
    assert lines[1][:right].endswith("0.080")
    assert f"dollars gained, {policy}" in lines[2]


@pytest.mark.parametrize(("scale", "shown"), [(1.0, ","), (1e-3, "."), (1e-5, ".00")])
def test_small_dollars_are_not_nothing(problem, scale, shown):
    found = looks.frame([looks.rows("policy_value", "as run", scale=scale)])
    line = headline(problem, found.assign(model_version="abc")).splitlines()[2]
    values = [word.strip("()+") for word in line.split("as run")[1].split() if word[-1] != "…"]
    assert values and all(float(v.replace(",", "")) != 0 for v in values), line


def test_what_is_withheld_says_so(problem):
    found = looks.frame([looks.rows("auc", status=looks.WITHHELD)]).assign(model_version="abc")
    assert "0.720" in headline(problem, found)
    assert "not identified" in headline(problem, found)
