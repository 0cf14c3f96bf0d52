"""What the credit bureau and other creditors recorded about each customer."""

import numpy as np
import pandas as pd

from truerisk.simulator.applicants import Customers

NO_BUREAU = 0.05  # share of customers the bureau has never heard of
BUREAU_LEAD = (60, 270)  # days before the first application that snapshots begin
BUREAU_GAP = (60, 90)  # days between two snapshots
SCORE_MEAN, SCORE_SLOPE, SCORE_NOISE = 650, 72, 24
USE_MEAN, USE_SLOPE, USE_NOISE = 0.45, -0.17, 0.15  # utilisation of credit lines

PAYMENTS = 12.5  # a customer, on average
PAYMENT_LEAD = 548  # days before the first application that payments begin
LATE = -1.9  # log-odds that a payment of an average customer is late
LATE_WORSE = 1.15  # and what a standard deviation of creditworthiness adds
DAYS_LATE = 9.0  # average lateness of a late payment, days
DAYS_LATE_WORSE = 0.5  # and how it grows, in logs
TIES = 0.002  # share of payments booked in the same instant as another one
CREDITOR_NULL = 0.03
CREDITORS = [
    f"{place} {kind}"
    for place in ["Northern", "Harbor", "Summit", "Prairie", "Lakeside", "Union"]
    for kind in ["Bank", "Card", "Auto", "Mortgage", "Store"]
]


def draw_bureau(rng: np.random.Generator, customers: Customers) -> pd.DataFrame:
    """Snapshots from before a customer's first application to the last one, in order of time.

    Columns: customer (number), day, bureau_score, utilisation, inquiries_6m.
    """
    known = np.flatnonzero(rng.random(len(customers)) >= NO_BUREAU)
    begin = customers.first[known] - rng.uniform(*BUREAU_LEAD, len(known))
    most = np.ceil((customers.last[known] - begin) / BUREAU_GAP[0]).astype(int)

    # A running sum of the gaps that starts again at each customer's first snapshot.
    starts = np.cumsum(most) - most
    elapsed = np.cumsum(rng.uniform(*BUREAU_GAP, most.sum()))
    day = np.repeat(begin - elapsed[starts], most) + elapsed
    customer = np.repeat(known, most)
    seen = day <= customers.last[customer]
    customer, day = customer[seen], day[seen]

    quality = customers.creditworthiness(customer, day)
    score = rng.normal(SCORE_MEAN + SCORE_SLOPE * quality, SCORE_NOISE)
    utilisation = rng.normal(USE_MEAN + USE_SLOPE * quality, USE_NOISE)
    snapshots = pd.DataFrame(
        {
            "customer": customer,
            "day": day,
            "bureau_score": np.clip(np.round(score), 300, 850).astype("int64"),
            "utilisation": np.round(np.clip(utilisation, 0, 1.3), 3),
            "inquiries_6m": rng.poisson(np.exp(0.1 - 0.35 * quality)),
        }
    )
    return snapshots.sort_values("day", kind="stable", ignore_index=True)


def draw_payments(rng: np.random.Generator, customers: Customers, end: float) -> pd.DataFrame:
    """Payments on other credit, before and after the applications, in order of time.

    Columns: customer (number), day (up to `end`), amount (dollars), days_late, creditor (code,
    -1 for null). A few share their instant with another payment of the same customer.
    """
    count = rng.poisson(PAYMENTS, len(customers))
    customer = np.repeat(np.arange(len(customers)), count)
    day = rng.uniform(customers.first[customer] - PAYMENT_LEAD, end)
    tied = 1 + np.flatnonzero((rng.random(len(day) - 1) < TIES) & (np.diff(customer) == 0))
    day[tied] = day[tied - 1]

    quality = customers.creditworthiness(customer, day)
    late = rng.random(len(day)) < 1 / (1 + np.exp(LATE_WORSE * quality - LATE))
    lateness = rng.exponential(DAYS_LATE * np.exp(-DAYS_LATE_WORSE * quality))
    creditor = rng.integers(len(CREDITORS), size=len(day))
    payments = pd.DataFrame(
        {
            "customer": customer,
            "day": day,
            "amount": np.round(np.exp(rng.normal(5.3, 0.8, len(day))), 2),
            "days_late": np.where(late, np.minimum(np.ceil(lateness), 180), 0).astype("int64"),
            "creditor": np.where(rng.random(len(day)) < CREDITOR_NULL, -1, creditor),
        }
    )
    return payments.sort_values("day", kind="stable", ignore_index=True)
