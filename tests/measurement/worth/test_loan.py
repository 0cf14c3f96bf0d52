"""A loan's dollars against a schedule written out month by month."""

import numpy as np
import pytest

from truerisk.errors import LogError
from truerisk.measurement.worth.loan import loan_value


def by_hand(
    amount: float, rate: float, term: int, lgd: float, cpr: float, default: int
) -> tuple[float, float, float]:
    """Interest on schedule, interest with prepayment, and dollars if it defaults."""
    r = rate / 12
    payment = amount * r / (1 - (1 + r) ** -term) if r else amount / term
    balance, here, scheduled, expected, earned, lost = amount, 1.0, 0.0, 0.0, 0.0, 0.0
    for month in range(1, term + 1):
        if month == default + 1:
            lost = lgd * balance
        interest = round(balance * r, 12)
        scheduled += interest
        expected += here * interest
        if month <= default:
            earned += interest
        balance -= payment - interest
        here *= (1 - cpr) ** (1 / 12)
    assert abs(balance) < 1e-6
    return scheduled, expected, earned - lost


def test_the_published_example() -> None:
    found = loan_value(10_000, 0.11, 36)
    assert found.scheduled == pytest.approx(1_786, abs=0.5)
    assert found.if_no_event == pytest.approx(1_300, rel=0.01)
    assert found.scheduled < 0.6 * 10_000 * 0.11 * 3  # amount × rate × term: $3,300


@pytest.mark.parametrize("rate", [0.0, 0.06, 0.35])
@pytest.mark.parametrize("term", [1, 36, 60])
@pytest.mark.parametrize("cpr", [0.0, 0.3])
def test_equals_a_schedule_by_hand(rate: float, term: int, cpr: float) -> None:
    default = term // 3
    found = loan_value(7_500, rate, term, 0.6, cpr)
    scheduled, expected, event = by_hand(7_500, rate, term, 0.6, cpr, default)
    assert found.scheduled == pytest.approx(scheduled, abs=1e-6)
    assert found.if_no_event == pytest.approx(expected, abs=1e-6)
    assert found.if_event == pytest.approx(event, abs=1e-6)


def test_many_loans_at_once_equal_each_alone() -> None:
    amount, term = np.array([1_000.0, 9_000.0, 500.0]), np.array([12, 36, 60])
    many = loan_value(amount, 0.12, term, default_month=[0, 36, 10])
    for i, month in enumerate((0, 36, 10)):
        alone = loan_value(amount[i], 0.12, term[i], default_month=month)
        assert many.if_event[i] == pytest.approx(float(alone.if_event))
        assert many.if_no_event[i] == pytest.approx(float(alone.if_no_event))
    assert many.if_event[0] == pytest.approx(-0.65 * 1_000)  # lost before the first payment
    assert many.if_event[1] == pytest.approx(many.scheduled[1])  # nothing was owed any more


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"amount": -1}, "amount must be at least 0; not so in 1 of 1 loan"),
        ({"term_months": 0}, "term_months must be a whole number from 1 to 600"),
        ({"term_months": [36, 36.5]}, "not so in 1 of 2 loans"),
        ({"lgd": 1.2}, r"lgd must be in \[0, 1\]"),
        ({"prepayment": 1.0}, r"prepayment must be in \[0, 1\)"),
        ({"default_month": 40}, "default_month must be from 0 to the term"),
        ({"annual_rate": float("nan")}, "annual_rate must be at least 0"),
    ],
)
def test_impossible_terms_are_refused(wrong: dict, says: str) -> None:
    with pytest.raises(LogError, match=says):
        loan_value(**({"amount": 1_000, "annual_rate": 0.1, "term_months": 36} | wrong))
