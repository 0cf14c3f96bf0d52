"""The monitor page says what holds, what rings, what it costs, and what it does not know."""

import pandas as pd
import pytest

from tests.reports import looks, reading
from tests.reports.reading import HOSTILE, MISSING
from truerisk.reports.monitor.dollars import in_dollars
from truerisk.reports.monitor.drift import drifted
from truerisk.reports.monitor.exploration import exploration
from truerisk.reports.monitor.fairness import fair
from truerisk.reports.monitor.open import still_open
from truerisk.reports.monitor.page import measure_page
from truerisk.reports.monitor.verdict import summary, verdict
from truerisk.reports.monitor.vintages import vintages
from truerisk.reports.monitor.watching import watching

pytestmark = pytest.mark.usefixtures("quickly")


def visible(text):
    seen = reading.visible(text)
    assert not MISSING.search(seen), MISSING.search(seen)
    return seen


@pytest.fixture
def told(problem):
    """One section of one look, as its source and as what a reader sees."""

    def make(section, **state):
        found = looks.monitor(**state)
        blocks = section(found) if section is drifted else section(problem, found)
        text = "".join(block.__html__() for block in blocks)
        return text, visible(text)

    return make


def test_an_alert_comes_first_in_words_and_dollars(told):
    text, seen = told(summary)
    first = "1 alert: look today. The dearest costs $12,345 a week, at least $6,789."
    assert seen.index(first) < seen.index(looks.MEANS) < seen.index("Event rate 16.0%")
    assert 'class="verdict failed"' in text
    assert "Promised −0.020 … +0.020: broken, an alert." in seen


@pytest.mark.slow
def test_no_alert_says_up_to_which_week_and_what_decisions_bring(told):
    text, seen = told(summary, watched=looks.watched(alert=False))
    assert (
        "No alert: no series left what was promised in the weeks up to that of 2025-02-24" in seen
    )
    assert "Decisions bring $620 an application" in seen
    assert 'class="verdict passed"' in text


def test_a_sequence_in_burn_in_is_neither_calm_nor_in_alert(told):
    text, seen = told(summary, watched=looks.watched(burnt_in=False))
    assert "No alert can be raised yet. The sequences are still too short" in seen
    assert looks.FEW in seen
    assert 'class="verdict open"' in text


@pytest.mark.slow
def test_a_series_that_is_not_shown_yet_is_no_calm_one(told):
    rows = looks.watched(alert=False)
    shown = rows["series"].eq("auc")
    some = rows.assign(value=rows["value"].where(shown))
    _, seen = told(summary, watched=some)
    assert "of 2025-02-24. Only 1 of 6 have labels enough yet." in seen
    unpromised = {name: p for name, p in looks.PROMISED.items() if name != "auc"}
    assert "No alert can be raised yet" in told(summary, watched=some, promised=unpromised)[1]


@pytest.mark.slow
def test_the_latest_look_shows_both_sequences_beside_the_promise(told):
    _, seen = told(watching)
    assert "Since approval In 2025Q1 Promised" in seen
    assert "AUC 0.830 0.738 … 0.922 0.830 0.738 … 0.922 0.800 … 0.860 800 57" in seen
    few = told(watching, watched=looks.watched(burnt_in=False))[1]
    measured = ("event_rate", "calibration_error", "auc", "policy_value")
    assert few.count("withheld too few labels") == 2 * len(looks.SERIES) - len(measured)
    assert few.count(" at one look") == len(measured)
    assert "its interval holds once, not week after week" in few
    assert "at one look" not in seen


def test_what_is_not_watched_yet_says_from_when_on(problem):
    log = looks.decisions().assign(mature=False)
    found = looks.monitor(log=log, watched="No week of the log is entirely mature; watch later.")
    late = pd.Timestamp("2025-07-05", tz="UTC")  # the first decision is of Sunday 5 January
    said = {
        known: verdict(problem, looks.monitor(**vars_of(found), known_at=known)).text
        for known in (late - pd.Timedelta(days=9), late)
    }
    assert "Watched from 2025-07-05 on" in said[late - pd.Timedelta(days=9)]
    assert "No week of the log is entirely mature" in said[late]


def vars_of(found):
    return {"log": found.log, "watched": found.watched}


@pytest.mark.slow
def test_each_tile_says_what_was_promised_and_whether_it_holds(told):
    quiet = looks.watched(alert=False)
    _, seen = told(summary, watched=quiet)
    assert "14.4% … 18.0%. Promised 14.0% … 17.0%: holds." in seen
    _, seen = told(summary, watched=quiet, promised={"event_rate": (0.05, 0.06)})
    assert "Promised 5.0% … 6.0%: outside at this one look, and no alert." in seen
    assert "Nothing was promised: its report knew the approved only." in seen
    _, seen = told(still_open, promised={"event_rate": (0.05, 0.06)})
    assert "Nothing was promised at approval about AUC and dollars per application" in seen


@pytest.mark.slow
def test_a_usual_figure_is_never_held_against_a_promise(told):
    _, seen = told(summary, status=looks.WITHHELD)
    assert "not known yet 8.0% (7.2% … 9.0%) about the approved only." in seen
    assert "Promised 14.0% … 17.0%: holds" not in seen
    _, seen = told(in_dollars, status=looks.WITHHELD)
    assert f"The review curve, and what a better score is worth: {looks.WITHHELD}." in seen


@pytest.mark.slow
def test_a_forecast_is_called_one_and_says_when_timing_moved(told):
    _, seen = told(vintages)
    assert "Completed: a forecast" in told(vintages)[1]
    assert "Timing moved" not in seen
    _, seen = told(still_open)
    assert "1 month cannot be forecast yet. Status withheld: completion is 0.20" in seen
    _, seen = told(vintages, vintages=looks.vintages(moved=True))
    assert "Timing moved: events come 1.4 times as fast. The forecast stands on a pace" in seen


@pytest.mark.slow
def test_the_swap_set_is_told_in_applications_and_dollars(told):
    _, seen = told(in_dollars, lost=0.0)
    assert "Approved now, not by newer 10.0% 100 applications 20.0%" in seen
    assert "+$5,000" in seen  # $5 an application, of 1,000
    assert "on the 1,000 applications whose outcomes it never saw" in seen


@pytest.mark.slow
def test_dollars_tell_what_hangs_on_assumptions_and_where_money_lies(told):
    _, seen = told(in_dollars)
    for wanted in (
        "Every loss 20% larger $432",
        "A perfect model, a day $150,289",
        "+0.01 AUC, a day $5,057",
        "One more flag a day $482",
        "EMP 0.0238",
        "How accurate must it be to move the needle? AUC must rise by 0.0087",
        "The diamond: 45 a day, as many as now.",
    ):
        assert wanted in seen, wanted
    row = looks.rows("policy_value", "as run")[0]
    row |= {"metric": "realised_value", "estimator": "booked", "population": "all", "value": 411.0}
    known = pd.concat([looks.monitor().estimates, looks.frame([[row]])], ignore_index=True)
    assert "Dollars per application $411" in told(summary, estimates=known)[1]
    assert "Decisions bring $411" in told(summary, estimates=known)[1]
    booked = looks.worth().assign(status="exact: realised")
    assert "Decisions earned $552 an application" in told(in_dollars, worth=booked)[1]
    _, seen = told(in_dollars, capacity=None, curve=looks.curve().query("at < 1"))
    assert "The diamond" not in seen


@pytest.mark.slow
def test_exploration_compares_realised_with_predicted_and_says_by_when(told):
    _, seen = told(exploration)
    assert "predicted to cost $26,500 and did cost $57,500" in seen
    assert "2.2 times the prediction, more than chance explains" in seen
    assert "Nothing explored is still to mature." in seen
    wide = looks.spend().assign(realised_se=40_000.0)
    assert "as predicted within what chance allows" in told(exploration, spend=wide)[1]
    log = looks.decisions().assign(mature=False)
    _, seen = told(exploration, log=log, spend=looks.spend().assign(labels=0))
    assert "2 explored applications are still to mature, the first on 2025-07-10" in seen


def test_drift_names_what_moved_and_folds_the_rest(told):
    text, seen = told(drifted, group="channel")
    assert "channel moved: PSI 0.066" in seen
    assert seen.index("channel moved") < seen.index("Every input in figures")
    calm = looks.drift().assign(flag=False)
    assert "None of 3 inputs moved enough to matter." in told(drifted, drift=calm)[1]
    assert "<details>" in text


@pytest.mark.slow
def test_fairness_shows_each_group_beside_its_reference_and_withholds(told):
    _, seen = told(fair, group="younger")
    assert "age_band: groups compared with “older”" in seen
    assert "younger 400 70.0% 60.0% … 80.0% 0.740" in seen
    assert "+5.5 pts −4.5 pts … +15.5 pts" in seen
    _, seen = told(fair, fairness=looks.fairness(status=looks.WITHHELD))
    assert "withheld" in seen[seen.index("age_band: groups") :]


@pytest.mark.slow
def test_parts_that_are_not_there_say_why_each(problem):
    parts = ("watched", "vintages", "curve", "worth", "drift", "fairness")
    why = {part: f"The {part} cannot be computed: 3 of 9 rows have no amount." for part in parts}
    seen = visible(measure_page(problem, looks.monitor(**why, spend="Nothing was spent.")))
    for part in parts:
        assert part == "curve" or why[part] in seen, part  # without worth nobody asks for it
    assert "Committed cost" in seen
    found = "".join(b.__html__() for b in in_dollars(problem, looks.monitor(curve=why["curve"])))
    assert why["curve"] in found


@pytest.mark.slow
def test_hostile_names_stay_text_in_every_section(problem):
    fair = looks.fairness(HOSTILE).replace({"age_band": HOSTILE})
    ringing = looks.watched().replace({looks.MEANS: HOSTILE})
    state = {"group": HOSTILE, "compared": HOSTILE, "fairness": fair, "watched": ringing}
    state |= {"approved": HOSTILE, "flag": HOSTILE, "needle": HOSTILE, "curve": looks.curve()}
    state |= {"then": HOSTILE, "now": HOSTILE, "run": HOSTILE, "code": HOSTILE}
    text = measure_page(problem, looks.monitor(**state))
    seen = visible(text)
    assert "<script>alert" not in text
    assert "<img" not in text
    assert seen.count(HOSTILE) > 12
    assert text.count("<script") == text.count("</script")
