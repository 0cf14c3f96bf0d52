"""A lender whose applications hide fraud rings, with known truth.

Most applications come from customers who share devices, IPs and addresses for good reasons (a
family, a large building, a shop's tablet, a mobile carrier); a few of them are lone fraudsters. The
rest come from rings. The **old policy** holds applications that ask for much, or whose device sent
three others within a week; analysts decide those it holds, and a verdict later than a day is a
decline. A ring moves on to new devices, a new IP and often a new address once the old policy has
caught a few of its attempts from one place.

The old policy runs on beside whatever is decided later, and rings answer to it alone: so the truth
of each application does not depend on the decisions that are to be judged with it. What a better
policy would teach the rings is not modelled.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame

from truerisk.simulator.analysts import ANALYSTS, KAPPA, LATE_HOURS, draw_verdicts
from truerisk.simulator.applicants import draw_visits
from truerisk.simulator.columns import identifiers, instants, named
from truerisk.simulator.rings import (
    ATTEMPTS_A_YEAR,
    HOLD_AFTER,
    HOLD_DAYS,
    HOLD_EXPOSURE,
    PROXIED,
    RING_EVENT,
    draw_attempts,
)
from truerisk.simulator.visitors import (
    APP,
    CHANNELS,
    draw_carriers,
    draw_exposure,
    draw_places,
    draw_traits,
    probability_of_fraud,
)

HORIZON = 90  # days within which a chargeback is the event
CHARGEBACK = (8, HORIZON)  # days
LATE_CHARGEBACK = 0.002  # of the others: chargebacks after it, which no longer count
FOLLOWED = (HORIZON, 130)  # days until following ends without one
RINGS = 0.023  # share of applications that are a ring's
RING_INTENT = 0.4  # of those behind a ring, standard deviations above others
RING_LAG = 0.5  # and how long their sign-ups wait, in multiples
MARGIN, FEE = 0.03, 5.0  # what an honest application earns: of its exposure, and dollars beside
LIFETIME = 110.0  # dollars that a customer brings later, median
OWN, ONCE = 4 * 10**9, 5 * 10**9  # where the codes of what a ring owns, or uses once, begin


@dataclass(frozen=True)
class World:
    """The tables a lender would have, and the truth it could not know.

    Times are UTC (`datetime64[us, UTC]`), money is dollars. Keys are `customer_id` of sign-ups and
    `application_id`.
    """

    signups: DataFrame
    """customer_id, signed_up_at, device_id, ip_address, email_age_days, phone."""
    applications: DataFrame
    """application_id, customer_id, applied_at, device_id, ip_address, address_id, channel,
    exposure, margin, lifetime_value."""
    truth: DataFrame
    """One row per application, in the same order: application_id, probability (of fraud), event
    (a chargeback within 90 days if it passes), followed_until, ring and place (-1 outside the
    rings), verdict ("pass" or "decline", if reviewed), verdict_hours (after it applied), analyst,
    leaves_if_reviewed and leaves_if_declined (honest, and gone for ever), held_by_old_policy,
    passed_by_old_policy."""

    def outcomes(self, passed_ids: Iterable[str]) -> DataFrame:
        """What following those that passed shows: application_id, chargeback (0/1), observed_at.

        Chargebacks after 90 days are among them. An id that never applied is a `KeyError`.
        """
        passed = pd.Index(list(passed_ids), dtype="str", name="application_id").unique()
        followed = self.truth.set_index("application_id").loc[passed].reset_index()
        return DataFrame(
            {
                "application_id": followed["application_id"],
                "chargeback": followed["charged_back"].astype("int8"),
                "observed_at": followed["followed_until"],
            }
        )


def simulate(
    applications: int = 80_000,
    months: int = 12,
    seed: int = 7,
    start: str = "2025-01-01",
    kappa: float = KAPPA,
) -> World:
    """Simulate `applications` over `months` calendar months from `start` (UTC).

    `kappa` is the share of the fraud they review that analysts catch. The same arguments give the
    same frames. Each part draws from its own stream, so that a change to one part leaves the others
    as they were.
    """
    streams = np.random.default_rng(seed).spawn(7)
    for_visits, for_people, for_rings, for_members, for_events, for_verdicts, for_fates = streams
    origin = pd.Timestamp(start, tz="UTC")
    days = (origin + pd.DateOffset(months=months) - origin).days
    rings = max(1, round(RINGS * applications / (ATTEMPTS_A_YEAR * days / 365)))
    attempts = draw_attempts(for_rings, rings, days, kappa)
    attempts = _members(for_members, attempts, applications)
    visits = _visitors(
        for_people, *draw_visits(for_visits, applications - len(attempts), origin, days)
    )
    visits["event"] = for_events.random(len(visits)) < visits["probability"]
    verdicts = draw_verdicts(for_verdicts, visits["event"].to_numpy(), kappa)
    rows = pd.concat([visits.assign(**vars(verdicts)), attempts], ignore_index=True)
    rows = rows.sort_values("day", kind="stable", ignore_index=True)
    rows = _named(rows, origin)
    applied = DataFrame({"application_id": identifiers("F", applications, digits=7)})
    names = ["customer_id", "applied_at", "device_id", "ip_address", "address_id", "channel"]
    return World(
        signups=_signups(rows, origin),
        applications=applied.join(rows[[*names, "exposure", "margin", "lifetime_value"]]),
        truth=applied.join(_truth(for_fates, rows, origin)),
    )


def _visitors(rng: np.random.Generator, customer: np.ndarray, day: np.ndarray) -> DataFrame:
    """A row per application outside the rings."""
    intent = rng.normal(size=customer.max() + 1)
    exposure = draw_exposure(rng, intent[customer])
    rows = draw_places(rng, customer).assign(
        customer=customer,
        day=day,
        ring=-1,
        place=-1,
        exposure=exposure,
        lifetime_value=LIFETIME * np.exp(rng.normal(0, 0.6, len(day))),
        probability=probability_of_fraud(intent[customer], exposure),
    )
    return rows.join(draw_traits(rng, intent).take(customer).reset_index(drop=True))


def _members(rng: np.random.Generator, attempts: DataFrame, applications: int) -> DataFrame:
    """A ring's attempts as rows of visitors: every one by another customer, in the ring's codes."""
    count = len(attempts)
    once = ONCE + np.arange(count)
    proxy = draw_carriers(rng, count, applications)
    ip, address = attempts["ip"], attempts["address"]
    traits = draw_traits(rng, rng.normal(RING_INTENT, 1.0, count))
    return attempts.assign(
        customer=once,
        probability=RING_EVENT,
        lifetime_value=LIFETIME * np.exp(rng.normal(0, 0.6, count)),
        channel=(rng.random(count) >= APP).astype(int),
        device=OWN + attempts["device"],
        ip=np.select([ip >= 0, ip == PROXIED], [OWN + ip, proxy], once),
        address=np.where(address >= 0, OWN + address, once),
        **traits.assign(lag=RING_LAG * traits["lag"]),
    )


def _named(rows: DataFrame, origin: pd.Timestamp) -> DataFrame:
    """Codes become the identifiers of tables, numbered as they are first seen; money is rounded."""
    exposure = np.round(rows["exposure"], 2)
    return rows.assign(
        customer_id=_numbered("C", rows["customer"]),
        applied_at=instants(origin, rows["day"].to_numpy()),
        device_id=_numbered("D", rows["device"]),
        ip_address=_numbered("10.", rows["ip"]),
        address_id=_numbered("H", rows["address"]),
        channel=named(CHANNELS, rows["channel"].to_numpy(dtype=int)),
        exposure=exposure,
        margin=np.round(MARGIN * exposure + FEE, 2),
        lifetime_value=np.round(rows["lifetime_value"], 2),
    )


def _numbered(prefix: str, codes: pd.Series) -> pd.api.extensions.ExtensionArray:
    """One identifier per code; after "10." it is the rest of an address of a private network."""
    code, seen = pd.factorize(codes)
    if prefix != "10.":
        return identifiers(prefix, len(seen), digits=6).take(code)
    number = np.arange(len(seen))
    high, middle, low = (pd.Series(number // 256**i % 256).astype("str") for i in (2, 1, 0))
    return (prefix + high + "." + middle + "." + low).array.take(code)


def old_policy_holds(rows: DataFrame) -> np.ndarray:
    """True where the old policy asks an analyst; `rows` are in order of time, `day` as float."""
    third = rows.groupby("device")["day"].shift(HOLD_AFTER)
    often = (rows["day"] - third < HOLD_DAYS) & (rows["channel"] != "shop")
    return (often | (rows["exposure"] >= HOLD_EXPOSURE)).to_numpy()


def _signups(rows: DataFrame, origin: pd.Timestamp) -> DataFrame:
    """One row per customer, in order of time: from where its first application came."""
    first = rows.drop_duplicates("customer")
    first = first.assign(day=first["day"] - first["lag"]).sort_values("day", kind="stable")
    columns = ["customer_id", "signed_up_at", "device_id", "ip_address", "email_age_days", "phone"]
    first = first.assign(signed_up_at=instants(origin, first["day"].to_numpy()))
    return first[columns].reset_index(drop=True)


def _truth(rng: np.random.Generator, rows: DataFrame, origin: pd.Timestamp) -> DataFrame:
    """What no table holds, beside the old policy's decisions, in the order of `rows`."""
    count = len(rows)
    event = rows["event"].to_numpy(dtype=bool)
    late = ~event & (rng.random(count) < LATE_CHARGEBACK)
    (soonest, latest), (begun, ended) = CHARGEBACK, FOLLOWED
    charged = soonest + (latest - soonest) * rng.beta(1.5, 2.5, count)
    after = begun + (ended - begun) * rng.random(count)
    held = old_policy_holds(rows)
    declines = rows["declines"].to_numpy(dtype=bool)
    return DataFrame(
        {
            "probability": rows["probability"],
            "event": event.astype("int8"),
            "charged_back": (event | late).astype("int8"),
            "followed_until": instants(
                origin, rows["day"].to_numpy() + np.where(event, charged, after)
            ),
            "ring": rows["ring"],
            "place": rows["place"],
            "verdict": named(["pass", "decline"], declines.astype(int)),
            "verdict_hours": rows["hours"],
            "analyst": named(ANALYSTS, rows["analyst"].to_numpy()),
            "leaves_if_reviewed": rows["leaves_reviewed"].astype(bool),
            "leaves_if_declined": rows["leaves_declined"].astype(bool),
            "held_by_old_policy": held,
            "passed_by_old_policy": ~(held & (declines | (rows["hours"] > LATE_HOURS))),
        }
    )
