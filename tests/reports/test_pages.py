"""Both pages: self-contained, safe, deterministic, and honest about whom a number speaks of."""

import re

import pytest

from tests.reports.reading import HOSTILE, MISSING, visible

pytestmark = pytest.mark.usefixtures("quickly")

WITHHELD = "withheld: 11 explored labels (effective), 30 are needed"
NO_PROPENSITY = "not identified: no application had a logged chance to be revealed"
LOADS = re.compile(
    r"""(?:src|href|srcset|data|action)\s*=\s*["']?\s*(?:https?:)?//|@import|url\(""", re.I
)


STATES = [
    {},
    {"lost": 0.02, "status": WITHHELD},
    {"lost": 1.0, "status": NO_PROPENSITY},
]


@pytest.mark.slow
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("which", ["train", "measured"])
def test_a_page_loads_nothing_and_shows_no_missing_number(which, state, request):
    text = request.getfixturevalue(which)(**state)
    assert not LOADS.search(text)
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in text
    assert not MISSING.search(visible(text))


@pytest.mark.slow
@pytest.mark.parametrize("which", ["train", "measured"])
def test_equal_inputs_give_equal_bytes(which, request):
    make = request.getfixturevalue(which)
    assert make() == make.__wrapped__()


@pytest.mark.slow
def test_hostile_names_stay_text(train, measured):
    for text in (train(name=HOSTILE, champion=HOSTILE), measured(group=HOSTILE, compared=HOSTILE)):
        assert "<script>alert" not in text
        assert "<img" not in text
        assert HOSTILE in visible(text)
        assert text.count("<script") == text.count("</script")


@pytest.mark.slow
def test_the_gates_verdict_comes_first_in_words(train):
    failed, passed = visible(train()), visible(train(passed=(True, True)))
    assert "The gate failed: 1 of 2 checks" in failed
    assert "--override" in failed
    assert "The gate passed: 2 checks of 2" in passed
    assert "--override" not in passed
    assert passed.index("You are asked") < passed.index("The gate passed")
    assert passed.index("The gate passed") < passed.index("Who the numbers are about")


def test_a_reviewer_finds_what_the_decision_needs(train):
    text = visible(train())
    for wanted in (
        "replaces champion c0ffee",
        "STALE, limit 24 hours",
        "sha256:abababababab",
        "2025-03",
        "AUC with a gap",
        "per 1,000",
        "$12,000",
        "+$12",
        "over 100 to 2,500",
        "TrainFlow/1",
        "deadbeef",
        "truerisk report --problem credit abc123",
        "truerisk approve --problem credit abc123",
        "--report-hash",
    ):
        assert wanted in text, wanted


@pytest.mark.slow
def test_naive_is_never_called_everyones(train, measured):
    """Where nothing but naive is known, no number stands beside the word everyone."""
    state = {"lost": 1.0, "status": NO_PROPENSITY}
    for text in (train(**state), measured(**state)):
        for cell in re.findall(r"<(?:small|th)\b[^>]*>(.*?)</(?:small|th)>", text):
            assert not ("everyone" in cell and re.search(r"\d", cell)), cell
    text = visible(train(**state))
    assert "8.0%" in text
    assert "about the approved only" in text
    assert "For 100% of those who applied nothing is identified" in text


@pytest.mark.slow
def test_where_everyone_is_known_their_number_leads(measured):
    text = visible(measured(lost=0.0))
    assert "As usually reported the event rate is 8.0%, but that is about the approved only" in text
    assert "among everyone who applied it is 16.0% (14.4% … 18.0%): 2.0 times" in text


@pytest.mark.slow
def test_the_share_that_is_not_identified_is_said(train, measured):
    assert "the 98.0% who could be approved" in visible(measured())
    assert "2.0% of those who applied are not identified" in visible(train())


@pytest.mark.slow
@pytest.mark.parametrize("status", [WITHHELD, NO_PROPENSITY])
def test_statuses_are_shown_and_said_in_words(train, measured, status):
    lost = 1.0 if status == NO_PROPENSITY else 0.02
    state = {"lost": lost, "status": status}
    for text in (visible(train(**state)), visible(measured(**state))):
        assert status in text
        assert "What settles it" in text
    words = {
        WITHHELD: "Only 11 outcomes of explored",
        NO_PROPENSITY: "logged chance to be approved",
    }
    assert words[status] in text


@pytest.mark.slow
def test_exploration_is_told_with_what_it_costs(measured):
    text = visible(measured())
    assert "2 0.2 expected" in text  # explored, and the sum of the rates, 5 × .05
    assert "$225" in text  # 5 × .05 × $900
    assert "Below legal age" in text
    assert "no longer in the problem file" in text


@pytest.mark.slow
def test_a_status_nobody_foresaw_is_shown_as_it_is(measured):
    assert "awaiting something new" in visible(measured(status="awaiting something new"))
