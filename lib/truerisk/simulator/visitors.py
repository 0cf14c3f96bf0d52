"""Honest customers and lone fraudsters: who they are, and the devices and places they come from."""

import numpy as np
import pandas as pd

from truerisk.simulator.columns import named

FAMILY = 0.12  # customers who live with one that came not long before
FAMILY_APART = 150  # customers between the two, on average
FAMILY_DEVICE = 0.4  # of them, those who use that one's device as well
BUILDING, CUSTOMERS_A_BUILDING = 0.15, 70  # customers in a large building, which is one address
SHOP, CUSTOMERS_A_SHOP = 0.05, 500  # applications on a shop's tablet, at the shop's IP
CARRIER, APPLICATIONS_A_CARRIER = 0.30, 900  # applications from a mobile carrier's shared IP
NEW_DEVICE = 0.15  # returning customers who come from another device
APP = 0.55  # of applications outside shops
CARRIERS, SHOPS, BUILDINGS = 10**9, 2 * 10**9, 3 * 10**9  # where the codes of these begin

CHANNELS = ["app", "web", "shop"]
PHONES = ["contract", "prepaid", "internet"]
SIGN_UP_LAG = 12.0  # days between signing up and the first application, median

# Log-odds that an application outside the rings is fraud.
BASE = -5.6
INTENT = 1.5  # a standard deviation of intent, of which the columns show a part
LARGE = 0.7  # e-fold of exposure above the usual


def draw_places(rng: np.random.Generator, customer: np.ndarray) -> pd.DataFrame:
    """Channel, device, ip and address of each application: codes, equal where they are shared.

    ``customer`` numbers customers by their first application, shape (n,).
    """
    count, people = len(customer), int(customer.max()) + 1
    own = np.arange(people)
    kin = own - rng.geometric(1 / FAMILY_APART, people)
    family = (rng.random(people) < FAMILY) & (kin >= 0)
    home = np.where(family, kin, own)
    buildings = max(1, int(BUILDING * people / CUSTOMERS_A_BUILDING))
    in_building = (rng.random(people) < BUILDING) & ~family
    building = BUILDINGS + rng.integers(buildings, size=people)
    address = np.where(in_building, building, home)
    device = np.where(family & (rng.random(people) < FAMILY_DEVICE), kin, own)

    again = pd.Series(customer).duplicated().to_numpy()
    changes = again & (rng.random(count) < NEW_DEVICE)
    shop = SHOPS + rng.integers(max(1, int(SHOP * count / CUSTOMERS_A_SHOP)), size=count)
    in_shop = rng.random(count) < SHOP
    moving = rng.random(count) < CARRIER
    on_site = np.where(moving, draw_carriers(rng, count, count), home[customer])
    outside = np.where(changes, people + np.arange(count), device[customer])
    return pd.DataFrame(
        {
            "channel": np.where(in_shop, 2, rng.random(count) >= APP),
            "device": np.where(in_shop, shop, outside),
            "ip": np.where(in_shop, shop, on_site),
            "address": address[customer],
        }
    )


def draw_carriers(rng: np.random.Generator, count: int, applications: int) -> np.ndarray:
    """The shared IP of each of ``count`` visits, (count,), where ``applications`` come in all."""
    carriers = max(1, int(CARRIER * applications / APPLICATIONS_A_CARRIER))
    return CARRIERS + (carriers * rng.random(count) ** 1.5).astype(int)  # some are larger


def draw_traits(rng: np.random.Generator, intent: np.ndarray) -> pd.DataFrame:
    """What a sign-up shows of its owner's ``intent`` (standard deviations): one row for each.

    Columns: email_age_days, phone, lag (days until the first application).
    """
    count = len(intent)
    email_age = np.exp(rng.normal(6.6 - 0.9 * intent, 1.2))
    weight = np.stack([np.full(count, 1.0), 0.25 * np.exp(0.6 * intent), 0.05 * np.exp(intent)])
    bounds = np.cumsum(weight, axis=0)
    phone = (rng.random(count) * bounds[-1] >= bounds).sum(axis=0)
    return pd.DataFrame(
        {
            "email_age_days": np.floor(np.minimum(email_age, 7_000)).astype("int64"),
            "phone": named(PHONES, phone),
            "lag": np.minimum(SIGN_UP_LAG * np.exp(rng.normal(-0.5 * intent, 1.6)), 1_000),
        }
    )


def draw_exposure(rng: np.random.Generator, intent: np.ndarray) -> np.ndarray:
    """Dollars asked for, shape (n,)."""
    return np.clip(600 * np.exp(0.1 * intent + rng.normal(0, 0.75, len(intent))), 50, 8_000)


def probability_of_fraud(intent: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    """True P(fraud) of each application outside the rings."""
    log_odds = BASE + INTENT * intent + LARGE * np.log(exposure / 600)
    return 1 / (1 + np.exp(-log_odds))
