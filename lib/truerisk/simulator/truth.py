"""What is true of each application: its risk, the old policy's decision, and what follows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

HORIZON = 180  # days within which a default is the event
DAYS_A_MONTH = 365.25 / 12

# Log-odds of a default within the horizon.
BASE = -3.08
WORSE = 1.43  # a standard deviation less of creditworthiness
LOAN_TO_INCOME, LOAN_FREE, LOAN_MOST = 4.0, 0.2, 0.7  # by the loan above a free share of income
STRAINED = 1.5  # a large loan hurts a weak customer more
PURPOSE = {
    "debt_consolidation": 0.2,
    "car": -0.35,
    "home": -0.5,
    "medical": 0.3,
    "business": 0.5,
    "other": 0.0,
}
CHANNEL = {"branch": -0.15, "web": 0.0, "partner": 0.1, "broker": 0.3}
INCOME_NULL = 0.8
NEW_JOB = 0.6  # less than a year employed
THIN_FILE = 0.25  # unknown to the bureau
LONG_BUSINESS = 1.0  # a business loan of four years and more
OFFICER = -0.2  # a good impression, in standard deviations: seen by the officer, in no table
MACRO, MACRO_FROM, MACRO_FULL = 0.35, 15, 18  # a worse economy, arriving between these months

# The old policy's points, by hand. It approves from the cutoff on.
POINTS_SCORE, POINTS_LOAN, POINTS_LATE, POINTS_OFFICER = 1 / 72, -1.5, -0.02, 1.38
TYPICAL_SCORE, TYPICAL_INCOME = 620, 45_000  # assumed where there is none
CUTOFF = 7.43
LEGAL_AGE = 18

EVENT_AFTER = (20, HORIZON)  # days
LATE_DEFAULT = 0.45  # chance of a default after the horizon, in multiples of that within it
PAYS_OFF_EARLY = 0.15


def probability_of_default(
    requests: pd.DataFrame,
    day: np.ndarray,
    quality: np.ndarray,
    income: np.ndarray,
    thin_file: np.ndarray,
    impression: np.ndarray,
) -> np.ndarray:
    """True P(default within the horizon | everything), one for each request."""
    loan = np.clip(requests["amount"] / income, LOAN_FREE, LOAN_MOST) - LOAN_FREE
    long_business = (requests["purpose"] == "business") & (requests["term_months"] >= 48)
    onset = np.clip((day / DAYS_A_MONTH - MACRO_FROM) / (MACRO_FULL - MACRO_FROM), 0, 1)
    log_odds = (
        BASE
        - WORSE * quality
        + LOAN_TO_INCOME * loan
        + STRAINED * loan * np.maximum(-quality, 0)
        + requests["purpose"].map(PURPOSE)
        + requests["channel"].map(CHANNEL)
        + INCOME_NULL * requests["annual_income"].isna()
        + NEW_JOB * (requests["employment_years"] < 1)
        + THIN_FILE * thin_file
        + LONG_BUSINESS * long_business
        + OFFICER * impression
        + MACRO * onset**2 * (3 - 2 * onset)
    )
    return 1 / (1 + np.exp(-log_odds.to_numpy()))


def old_policy(
    requests: pd.DataFrame, score: pd.Series, days_late: pd.Series, impression: np.ndarray
) -> np.ndarray:
    """True where the lender approved before; a fixed rule, with no chance in it.

    `score` is the latest bureau score (null where unknown), `days_late` the worst of the last
    year, `impression` what the officer saw.
    """
    points = (
        POINTS_SCORE * score.fillna(TYPICAL_SCORE)
        + POINTS_LOAN * requests["amount"] / requests["annual_income"].fillna(TYPICAL_INCOME)
        + POINTS_LATE * days_late
        + POINTS_OFFICER * impression
    )
    return ((points >= CUTOFF) & (requests["age"] >= LEGAL_AGE)).to_numpy()


@dataclass(frozen=True)
class Fates:
    """What happens to each loan, if it is given; arrays of shape (n_applications,)."""

    event: np.ndarray  # default within the horizon
    defaults: np.ndarray  # default at any time before the term ends
    followed: np.ndarray  # days until the default, the early pay-off or the end of the term


def draw_fates(rng: np.random.Generator, probability: np.ndarray, term_months: np.ndarray) -> Fates:
    """Defaults within the horizon and after it, early pay-offs, and when each is seen."""
    count = len(probability)
    term = term_months * DAYS_A_MONTH
    event = rng.random(count) < probability
    defaults_late = ~event & (rng.random(count) < LATE_DEFAULT * probability)
    pays_off = ~event & ~defaults_late & (rng.random(count) < PAYS_OFF_EARLY)

    soonest, latest = EVENT_AFTER
    within = soonest + (latest - soonest) * rng.beta(1.4, 1.3, count)
    after = HORIZON + (term - HORIZON) * rng.beta(1.0, 1.8, count)
    early = 30 + (term - 30) * rng.beta(1.1, 1.6, count)
    followed = np.select([event, defaults_late, pays_off], [within, after, early], default=term)
    return Fates(event=event, defaults=event | defaults_late, followed=followed)
