"""Evidence is a log made ready once: every verb says of it what it says of the log."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

import truerisk as tr
from tests.monitoring.conftest import KNOWN_AT
from tests.monitoring.conftest import log as ledger  # noqa: F401
from truerisk.measurement.evidence import evidence
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.statistics.clusters import closed_up, codes

VERBS = {
    "measure": lambda log: tr.measure(log, by=["feature__purpose"], bands=2),
    "vintages": lambda log: tr.vintages(log, timedelta(days=180), KNOWN_AT),
    "watch": lambda log: tr.watch(log, {"auc": 0.7}),
    "fairness": lambda log: tr.fairness(log, "feature__purpose"),
    "perfect_model": lambda log: tr.worth.perfect_model(log),
    "policy_dollars": lambda log: tr.worth.policy_dollars(log),
}


@pytest.fixture(scope="module")
def given(ledger):  # noqa: F811
    return ledger.iloc[::2].assign(m=(ledger["score"] * 2).clip(upper=0.95))


@pytest.mark.slow
def test_a_log_is_checked_once_for_all_that_is_asked_of_it(given, monkeypatch):
    counted = Counter()
    for name in ("typed", "as_assigned", "check_draws", "check_values", "rows_of"):
        real = getattr(evidence, name)

        def once(*args, _name=name, _real=real, **kwargs):
            counted[_name] += 1
            return _real(*args, **kwargs)

        monkeypatch.setattr(evidence, name, once)
    known = evidence_of(given)
    for verb in VERBS.values():
        verb(known)
    assert {counted[name] for name in ("typed", "as_assigned", "check_draws")} == {1}
    # Once more each for the rows that vintages and fairness take as if all were mature.
    assert counted["check_values"] == counted["rows_of"] == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["measure", "policy_dollars"])
def test_a_verb_says_of_it_what_it_says_of_the_log(given, name):
    found = VERBS[name](evidence_of(given))
    pd.testing.assert_frame_equal(found, VERBS[name](given), check_exact=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in VERBS if n not in ("measure", "policy_dollars")])
def test_so_do_the_others(given, name):
    found = VERBS[name](evidence_of(given))
    pd.testing.assert_frame_equal(found, VERBS[name](given), check_exact=True)


def test_an_outcome_model_is_put_on_and_taken_off(given):
    known = evidence_of(given.drop(columns="m"))
    with_m = known.with_m(given["m"].to_numpy())
    np.testing.assert_array_equal(with_m.guess().event, given.loc[given["mature"], "m"])
    assert "m" not in with_m.without_m().frame
    assert "m" not in known.frame
    assert with_m.rows is known.rows


def test_codes_of_some_rows_are_those_they_have_alone():
    subjects = pd.DataFrame({"subject": np.random.default_rng(0).integers(0, 300, 500)})
    kept = np.arange(500) % 3 == 0
    code = codes(subjects, ["subject"])
    np.testing.assert_array_equal(closed_up(code[kept]), codes(subjects[kept], ["subject"]))
    assert not np.array_equal(code[kept], closed_up(code[kept])), "or nothing was to be closed"
