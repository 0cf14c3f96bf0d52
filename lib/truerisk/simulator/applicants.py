"""Who applies, when, and for what."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.simulator.columns import named

GROWTH = 0.25  # more applications a day at the end than at the start
WEEKDAY = np.array([1.15, 1.10, 1.05, 1.00, 1.00, 0.55, 0.40])  # Monday first
HOUR = np.array(
    [2, 1, 1, 1, 1, 2, 5, 12, 25, 38, 45, 46, 40, 42, 44, 42, 38, 34, 30, 28, 24, 16, 9, 4]
)

RETURNING = 0.13  # chance that an application comes from someone who applied before
FIRST_RETURN = 60  # days from the start until anyone returns
RETURN_GAP = 30  # days between a customer's first application and a later one

PURPOSES = ["debt_consolidation", "car", "home", "medical", "business", "other"]
PURPOSE_SHARE = [0.38, 0.19, 0.15, 0.08, 0.08, 0.12]
PURPOSE_AMOUNT = np.array([1.10, 1.20, 1.35, 0.55, 1.40, 0.65])  # times the usual amount

CHANNELS = ["branch", "web", "partner", "broker"]
CHANNEL_SHARE = np.array([0.30, 0.42, 0.13, 0.15])
PARTNER_GROWTH = 2.0  # the partner's weight, in multiples, gained over the last third

TERMS = np.array([12, 24, 36, 48, 60])  # months
TERM_LENGTH = 0.9  # how strongly a larger loan asks for a longer term

INCOME_NULL = -3.35  # log-odds that the income is not stated, for an average customer
INCOME_NULL_WORSE = 0.5  # a worse customer leaves it out more often
EMPLOYMENT_NULL = 0.06
UNDER_AGE = 0.003


@dataclass(frozen=True, kw_only=True)
class Customers:
    """What is true of each customer and no table holds; arrays of shape (n_customers,)."""

    level: np.ndarray  # creditworthiness at the start, in standard deviations, high is good
    slope: np.ndarray  # its drift, a year
    phase: np.ndarray  # of its slow ups and downs, radians
    income: np.ndarray  # dollars a year, stated or not
    age: np.ndarray  # years, at the start
    employment: np.ndarray  # years, at the start
    first: np.ndarray  # day of the first application
    last: np.ndarray  # day of the last application

    def __len__(self) -> int:
        return len(self.level)

    def creditworthiness(self, customer: np.ndarray, day: np.ndarray) -> np.ndarray:
        """The latent quality of each `customer` on each `day`; the tables show it with noise."""
        years = day / 365.25
        wave = 0.2 * np.sin(2 * np.pi * years / 1.5 + self.phase[customer])
        return self.level[customer] + self.slope[customer] * years + wave


def draw_visits(
    rng: np.random.Generator, count: int, origin: pd.Timestamp, days: int
) -> tuple[np.ndarray, np.ndarray]:
    """Customer number and day of each application, in order of time; two arrays (count,).

    Customers are numbered by their first application.
    """
    calendar = np.arange(days)
    weight = (1 + GROWTH * calendar / days) * WEEKDAY[(origin.day_of_week + calendar) % 7]
    date = rng.choice(days, size=count, p=weight / weight.sum())
    hour = rng.choice(24, size=count, p=HOUR / HOUR.sum())
    day = np.sort(date + (hour + rng.random(count)) / 24)

    returns = (rng.random(count) < RETURNING) & (day > day[0] + FIRST_RETURN)
    customer = np.cumsum(~returns) - 1
    known = np.searchsorted(day[~returns], day[returns] - RETURN_GAP)
    customer[returns] = (rng.random(len(known)) * known).astype(int)
    return customer, day


def draw_customers(rng: np.random.Generator, customer: np.ndarray, day: np.ndarray) -> Customers:
    """The people behind the applications; `customer` and `day` as `draw_visits` gives them."""
    visits = pd.Series(day).groupby(customer)
    first, last = visits.min().to_numpy(), visits.max().to_numpy()
    count = len(first)
    level = rng.normal(size=count)
    adult = np.clip(18 + rng.gamma(3.2, 7.0, count), 18, 80)
    minor = 17 + rng.random(count)
    age_then = np.where(rng.random(count) < UNDER_AGE, minor, adult)
    working_life = np.maximum(age_then - 17, 0.1)
    return Customers(
        level=level,
        slope=rng.normal(0, 0.15, count),
        phase=rng.uniform(0, 2 * np.pi, count),
        income=np.exp(rng.normal(10.85 + 0.12 * level, 0.45)),
        age=age_then - first / 365.25,
        employment=np.minimum(rng.gamma(1.3, 4.5, count), working_life) - first / 365.25,
        first=first,
        last=last,
    )


def draw_requests(
    rng: np.random.Generator,
    customers: Customers,
    customer: np.ndarray,
    day: np.ndarray,
    days: int,
) -> pd.DataFrame:
    """What each application asks for and states; one row each, the columns of the table."""
    count = len(day)
    purpose = rng.choice(len(PURPOSES), size=count, p=PURPOSE_SHARE)
    income = customers.income[customer]
    usual = 0.21 * income**0.6 * 50_000**0.4 * PURPOSE_AMOUNT[purpose]
    amount = np.clip(usual * np.exp(rng.normal(0, 0.6, count)), 1_000, 40_000)
    length = TERM_LENGTH * np.log(amount / 10_000) + rng.normal(2.0, 1.1, count)

    unstated = INCOME_NULL - INCOME_NULL_WORSE * customers.creditworthiness(customer, day)
    income_null = rng.random(count) < 1 / (1 + np.exp(-unstated))
    employment = customers.employment[customer] + day / 365.25
    employment_null = rng.random(count) < EMPLOYMENT_NULL
    return pd.DataFrame(
        {
            "amount": 50.0 * np.round(amount / 50),
            "term_months": TERMS[np.clip(np.round(length), 0, 4).astype(int)],
            "annual_income": np.where(income_null, np.nan, np.round(income, 2)),
            "employment_years": np.where(employment_null, np.nan, np.round(employment, 1)),
            "age": np.floor(customers.age[customer] + day / 365.25).astype("int64"),
            "purpose": named(PURPOSES, purpose),
            "channel": named(CHANNELS, _draw_channel(rng, day / days)),
        }
    )


def _draw_channel(rng: np.random.Generator, progress: np.ndarray) -> np.ndarray:
    """Codes into CHANNELS; the partner sends more and more from two thirds of the way on."""
    weight = np.tile(CHANNEL_SHARE, (len(progress), 1))
    growing = np.clip(3 * progress - 2, 0, 1)
    weight[:, CHANNELS.index("partner")] *= 1 + PARTNER_GROWTH * growing
    bounds = np.cumsum(weight, axis=1)
    draw = rng.random(len(progress)) * bounds[:, -1]
    return (draw[:, None] >= bounds).sum(axis=1)
