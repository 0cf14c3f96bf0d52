"""A consumer lender with known truth: applications, histories, and the outcome of every loan."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame

from truerisk.simulator.applicants import draw_customers, draw_requests, draw_visits
from truerisk.simulator.columns import identifiers, instants, named
from truerisk.simulator.histories import CREDITORS, draw_bureau, draw_payments
from truerisk.simulator.truth import draw_fates, old_policy, probability_of_default


@dataclass(frozen=True)
class World:
    """The tables a lender would have, and the truth it could not know.

    Times are UTC (`datetime64[us, UTC]`), money is dollars. Keys are `application_id`,
    `bureau_id` and `payment_id`; the histories join on `customer_id`.
    """

    applications: DataFrame
    bureau: DataFrame
    payments: DataFrame
    truth: DataFrame
    """One row per application, in the same order: application_id, probability (of a default
    within 180 days), event (that default happens if the loan is given), event_at (of a default
    at any time, null when never), followed_until, approved_by_old_policy."""

    def outcomes(self, approved_ids: Iterable[str]) -> DataFrame:
        """What following the approved loans shows: application_id, defaulted (0/1), observed_at.

        Each approved application has its row, whenever it is observed, defaults after 180 days
        included: a reader must not look past its own knowledge cutoff. An id that never
        applied is a `KeyError`.
        """
        approved = pd.Index(list(approved_ids), dtype="str", name="application_id").unique()
        followed = self.truth.set_index("application_id").loc[approved].reset_index()
        return DataFrame(
            {
                "application_id": followed["application_id"],
                "defaulted": followed["event_at"].notna().astype("int8"),
                "observed_at": followed["followed_until"],
            }
        )


def simulate(
    applications: int = 120_000, months: int = 24, seed: int = 7, start: str = "2024-01-01"
) -> World:
    """Simulate `applications` over `months` calendar months from `start` (UTC).

    The same arguments give the same frames. Each part draws from its own stream, so that a
    change to one part leaves the others as they were.
    """
    for_visits, for_customers, for_requests, for_bureau, for_payments, for_truth = (
        np.random.default_rng(seed).spawn(6)
    )
    origin = pd.Timestamp(start, tz="UTC")
    days = (origin + pd.DateOffset(months=months) - origin).days

    customer, day = draw_visits(for_visits, applications, origin, days)
    customers = draw_customers(for_customers, customer, day)
    requests = draw_requests(for_requests, customers, customer, day, days)
    bureau = draw_bureau(for_bureau, customers)
    payments = draw_payments(for_payments, customers, end=days)

    impression = for_truth.normal(size=applications)
    probability = probability_of_default(
        requests,
        day,
        quality=customers.creditworthiness(customer, day),
        income=customers.income[customer],
        thin_file=~np.isin(customer, bureau["customer"]),
        impression=impression,
    )
    visits = DataFrame({"customer": customer, "day": day})
    approved = old_policy(
        requests, _latest_score(visits, bureau), _worst_lateness(visits, payments), impression
    )
    fates = draw_fates(for_truth, probability, requests["term_months"].to_numpy())

    application_ids = identifiers("A", applications, digits=7)
    customer_ids = identifiers("C", len(customers), digits=7)
    followed_until = instants(origin, day + fates.followed)
    return World(
        applications=DataFrame(
            {
                "application_id": application_ids,
                "customer_id": customer_ids.take(customer),
                "applied_at": instants(origin, day),
            }
        ).join(requests),
        bureau=DataFrame(
            {
                "bureau_id": identifiers("B", len(bureau), digits=8),
                "customer_id": customer_ids.take(bureau["customer"].to_numpy()),
                "snapshot_at": instants(origin, bureau["day"].to_numpy()),
            }
        ).join(bureau[["bureau_score", "utilisation", "inquiries_6m"]]),
        payments=DataFrame(
            {
                "payment_id": identifiers("P", len(payments), digits=8),
                "customer_id": customer_ids.take(payments["customer"].to_numpy()),
                "paid_at": instants(origin, payments["day"].to_numpy()),
                "amount": payments["amount"],
                "days_late": payments["days_late"],
                "creditor": named(CREDITORS, payments["creditor"].to_numpy()),
            }
        ),
        truth=DataFrame(
            {
                "application_id": application_ids,
                "probability": probability,
                "event": fates.event.astype("int8"),
                "event_at": followed_until.where(fates.defaults),
                "followed_until": followed_until,
                "approved_by_old_policy": approved,
            }
        ),
    )


def _latest_score(visits: DataFrame, bureau: DataFrame) -> pd.Series:
    """The bureau score last seen before each visit, null where there is none."""
    latest = pd.merge_asof(visits, bureau, on="day", by="customer", allow_exact_matches=False)
    return latest["bureau_score"]


def _worst_lateness(visits: DataFrame, payments: DataFrame) -> pd.Series:
    """The most days late among the payments of the year before each visit, 0 without any."""
    pairs = visits.reset_index(names="visit").merge(payments, on="customer", suffixes=("", "_paid"))
    age = pairs["day"] - pairs["day_paid"]
    recent = pairs[(age > 0) & (age <= 365)]
    return recent.groupby("visit")["days_late"].max().reindex(visits.index, fill_value=0)
