"""A lender's campaigns with known truth: who buys if contacted, who buys if not, and who both."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame

from truerisk.simulator.columns import identifiers, instants, named

HORIZON = 30  # days after the listing within which a purchase counts
LISTED = 0.4  # chance that a customer is on the list of a campaign
VISIT_LEAD = 90  # days before the first campaign that visits begin

CHANNELS = ["mail", "call"]
CALL = 0.35  # share of customers who are called
CONTACT_COST = np.array([1.4, 5.5])  # dollars by channel
REGIONS = ["north", "east", "south", "west"]
REGION = np.array([0.25, 0.0, -0.2, -0.1])  # log-odds of buying

# Log-odds of buying within the horizon if nobody contacts.
BASE, INTERESTED, PRODUCTS, SEASON = -2.75, 1.15, 0.18, 0.25
# What a contact adds to them.
TIRED = -0.05  # a contact in itself
PERSUADED, STEEP = 1.5, 2.0  # who buys at a discount, by a logistic curve
ANNOYED = -1.3  # who complained
DECIDED = -0.45  # a standard deviation of interest, of those who have it: they buy anyway
CALLED = 0.25

# The old campaigns: contacted at random, more often where visits promise a purchase.
OFTEN, SELDOM, MANY_VISITS = 0.75, 0.25, 3

KINDS = ["lost cause", "do-not-disturb", "persuadable", "sure thing"]


@dataclass(frozen=True)
class Campaigns:
    """The tables a lender would have, and the truth it could not know.

    Times are UTC (`datetime64[us, UTC]`), money is dollars. Keys are `prospect_id` and `visit_id`;
    visits join on `customer_id`. A customer is on the lists of several campaigns.
    """

    prospects: DataFrame
    visits: DataFrame
    truth: DataFrame
    """One row per prospect, in the same order: prospect_id, p_contact and p_skip (of a purchase
    within 30 days), event_contact and event_skip (0/1, what happens then), kind (sure thing,
    persuadable, do-not-disturb, lost cause), bought_after (days, if they buy), old_chance and
    old_contact (chance and draw of a contact before anything was learned)."""

    def responses(self, contacted: Mapping[str, bool]) -> DataFrame:
        """What following these prospects shows: prospect_id, action, bought (0/1), observed_at.

        ``contacted`` says of each whether it was; a purchase is seen when it is made, none when the
        30 days are over. A prospect that was never listed is a `KeyError`.
        """
        asked = pd.Series(dict(contacted), dtype=bool)
        truth = self.truth.set_index("prospect_id").loc[asked.index]
        contact = asked.to_numpy()
        bought = np.where(contact, truth["event_contact"], truth["event_skip"]).astype("int8")
        listed = self.prospects.set_index("prospect_id")["listed_at"].loc[asked.index].array
        after = np.where(bought == 1, truth["bought_after"], HORIZON)
        return DataFrame(
            {
                "prospect_id": asked.index.astype("str"),
                "action": np.where(contact, "contact", "skip"),
                "bought": bought,
                "observed_at": listed + pd.to_timedelta(after, unit="D").as_unit("us"),
            }
        )


def simulate_prospects(
    customers: int = 12_000, campaigns: int = 12, seed: int = 7, start: str = "2025-01-01"
) -> Campaigns:
    """Simulate one campaign a month from `start` (UTC) among the same `customers`.

    The same arguments give the same frames. Each part draws from its own stream.
    """
    for_customers, for_lists, for_visits, for_truth = np.random.default_rng(seed).spawn(4)
    origin = pd.Timestamp(start, tz="UTC")
    months = [(origin + pd.DateOffset(months=m) - origin).days for m in range(campaigns + 1)]

    who = _draw_customers(for_customers, customers)
    listed = np.argwhere(for_lists.random((campaigns, customers)) < LISTED)
    campaign, customer = listed[:, 0], listed[:, 1]
    day = np.array(months)[campaign] + np.sort(for_lists.random(len(listed)) * 5)
    day = day[order := np.argsort(day, kind="stable")]
    campaign, customer = campaign[order], customer[order]

    visits = _draw_visits(for_visits, who, months[-1])
    interest = who["interest"].to_numpy()[customer] + who["drift"].to_numpy()[customer] * day / 365
    person = who.iloc[customer].reset_index(drop=True)
    skip = (
        BASE
        + INTERESTED * interest
        + PRODUCTS * person["products"]
        + REGION[person["region"]]
        + SEASON * np.cos(2 * np.pi * day / 365)
    ).to_numpy()
    adds = (
        TIRED
        + PERSUADED / (1 + np.exp(-STEEP * (person["sensitive"] - 0.6)))
        + ANNOYED * (person["complaints"] > 0)
        + DECIDED * np.maximum(interest, 0)
        + CALLED * person["channel"]
    ).to_numpy()
    p_skip, p_contact = (1 / (1 + np.exp(-z)) for z in (skip, skip + adds))
    luck = for_truth.random(len(day))  # one for both: a contact changes few minds
    event = {"contact": luck < p_contact, "skip": luck < p_skip}
    recent = _visits_before(visits, customer, day)
    old_chance = np.where(recent >= MANY_VISITS, OFTEN, SELDOM)

    prospect_ids = identifiers("P", len(day), digits=7)
    customer_ids = identifiers("C", customers, digits=6)
    return Campaigns(
        prospects=DataFrame(
            {
                "prospect_id": prospect_ids,
                "customer_id": customer_ids.take(customer),
                "listed_at": instants(origin, day),
                "campaign": campaign + 1,
                "age": np.floor(person["age"] + day / 365.25).astype("int64"),
                "products": person["products"],
                "discount_share": person["discount_share"],
                "complaints": person["complaints"],
                "region": named(REGIONS, person["region"].to_numpy()),
                "channel": named(CHANNELS, person["channel"].to_numpy()),
                "margin": person["margin"],
                "contact_cost": CONTACT_COST[person["channel"]],
            }
        ),
        visits=DataFrame(
            {
                "visit_id": identifiers("V", len(visits), digits=8),
                "customer_id": customer_ids.take(visits["customer"].to_numpy()),
                "visited_at": instants(origin, visits["day"].to_numpy()),
                "pages": visits["pages"],
            }
        ),
        truth=DataFrame(
            {
                "prospect_id": prospect_ids,
                "p_contact": p_contact,
                "p_skip": p_skip,
                "event_contact": event["contact"].astype("int8"),
                "event_skip": event["skip"].astype("int8"),
                "kind": named(KINDS, 2 * event["contact"] + event["skip"]),
                "bought_after": 1 + (HORIZON - 1) * for_truth.beta(1.1, 1.8, len(day)),
                "old_chance": old_chance,
                "old_contact": for_truth.random(len(day)) < old_chance,
            }
        ),
    )


def _draw_customers(rng: np.random.Generator, count: int) -> DataFrame:
    """What is true of each customer: columns of the table, and interest, its drift a year and
    sensitive (to a discount), which no table holds."""
    interest, sensitive = rng.normal(size=(2, count))
    return DataFrame(
        {
            "interest": interest,
            "drift": rng.normal(0, 0.3, count),
            "sensitive": sensitive,
            "age": np.clip(18 + rng.gamma(3.2, 8.0, count), 18, 88),
            "products": rng.poisson(1.2 + 0.5 * (interest > 0)),
            "discount_share": np.round(
                1 / (1 + np.exp(-(1.4 * sensitive - 0.6 + rng.normal(0, 0.5, count)))), 2
            ),
            "complaints": rng.poisson(0.22, count),
            "region": rng.choice(len(REGIONS), count),
            "channel": (rng.random(count) < CALL).astype(int),
            "margin": np.round(np.exp(rng.normal(4.1, 0.45, count)), 2),
        }
    )


def _draw_visits(rng: np.random.Generator, who: DataFrame, days: int) -> DataFrame:
    """Visits to the lender's pages, in order of time: customer (number), day, pages."""
    a_month = np.exp(0.1 + 0.8 * who["interest"].to_numpy())
    count = rng.poisson(a_month * (days + VISIT_LEAD) / 30)
    customer = np.repeat(np.arange(len(who)), count)
    day = rng.uniform(-VISIT_LEAD, days, len(customer))
    order = np.argsort(day)
    pages = 1 + rng.poisson(2.0, len(customer))
    return DataFrame({"customer": customer[order], "day": day[order], "pages": pages})


def _visits_before(visits: DataFrame, customer: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Visits in the 30 days before each listing, (n,)."""
    span = 1e5  # days: a customer's visits lie apart from the next one's
    times = np.sort(visits["customer"].to_numpy() * span + visits["day"].to_numpy())
    now = customer * span + day
    made: np.ndarray = np.searchsorted(times, now) - np.searchsorted(times, now - HORIZON)
    return made
