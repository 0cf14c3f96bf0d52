"""Prospects whose probabilities with and without a contact are known; many such worlds."""

import numpy as np
import pandas as pd

from tests.measurement.worlds import sigmoid

COST, MARGIN = 1.2, 30.0


def people(seed: int, n: int = 4_000, repeats: int = 1, m: str = "true") -> pd.DataFrame:
    """A log with a logged random contact, likelier for likelier buyers; two scores of it.

    ``repeats`` applications of each subject are alike in all but their draws; ``m``: the outcome
    models are "true", or "constant" numbers, or left to be "fitted". ``of_contact`` and ``of_skip``
    are the true probabilities.
    """
    rng = np.random.default_rng(seed)
    x, z = (np.repeat(rng.normal(size=-(-n // repeats)), repeats)[:n] for _ in range(2))
    subject = np.arange(n) // repeats
    p_skip = sigmoid(-1.6 + 1.1 * x)
    p_contact = sigmoid(-1.6 + 1.1 * x + 1.1 * sigmoid(2 * z) - 0.45 - 0.3 * np.maximum(x, 0))
    chance = np.where(x > 0, 0.75, 0.25)
    luck = np.repeat(rng.random(-(-n // repeats)), repeats)[
        :n
    ]  # one for both, and all of a subject
    drawn = rng.random(n) < chance
    y = luck < np.where(drawn, p_contact, p_skip)
    log = pd.DataFrame(
        {
            "subject": subject,
            "mature": True,
            "score": p_contact,
            "score_contact": p_contact,
            "score_skip": p_skip,
            "action": np.where(drawn, "contact", "skip"),
            "p_contact": chance,
            "p_skip": 1 - chance,
            "p_reveal": 1.0,
            "revealed": True,
            "event": y.astype(float),
            "value_contact_if_event": MARGIN - COST,
            "value_contact_if_no_event": -COST,
            "value_skip_if_event": MARGIN,
            "value_skip_if_no_event": 0.0,
            "of_contact": p_contact,
            "of_skip": p_skip,
            "uplift": p_contact
            - p_skip
            + 0.05 * np.repeat(rng.normal(size=-(-n // repeats)), repeats)[:n],
        }
    )
    if m == "true":
        return log.assign(m_contact=p_contact, m_skip=p_skip)
    return log.assign(m_contact=0.3, m_skip=0.1) if m == "constant" else log


def held_out(log: pd.DataFrame, share: float = 0.05, explored: float = 0.0) -> pd.DataFrame:
    """A policy that contacts the likeliest buyers, a hold-out of them and, where ``explored``, a
    random contact of others; drawn anew, outcomes too."""
    rng = np.random.default_rng(1)
    chosen = log["score_contact"] > 0.25
    chance = np.where(chosen, 1 - share, explored)
    drawn = rng.random(len(log)) < chance
    y = rng.random(len(log)) < np.where(drawn, log["of_contact"], log["of_skip"])
    return log.assign(
        action=np.where(drawn, "contact", "skip"),
        p_contact=chance,
        p_skip=1 - chance,
        event=y.astype(float),
    )
