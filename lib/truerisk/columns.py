"""How the columns of decisions and their logs are called, in one place."""

from collections.abc import Iterable

FEATURE, SEGMENT, PROTECTED = "feature__", "segment__", "protected__"
ARM, CHANCE, VALUE, SEAT = "arm_", "p_", "value_", "seat_"
SCORE = "score"
MADE = COST, K, SCALE = ("cost", "k", "scale")  # dollars lost; the design's level; below 1 by a cap
AUDIT_CHANCE, AUDITED, DUE = "audit_q", "audited", "review_due"  # of a review, in the ledger
SEAT_DAY, SEAT_LOST, SEAT_RHO = ("seat_day", "seat_lost", "seat_rho")
PRICE, TAU, GAIN = ("lambda", "tau", "g")  # of a seat: dollars, the lottery's bound, dollars
SEATS = BEFORE, AFTER = ("before", "after")  # seats left for the policy, around the batch
EXPLORE_SEATS = EXPLORE_BEFORE, EXPLORE_AFTER = ("explore_before", "explore_after")
DRAWN, DRAWN_CHANCE = "__drawn", "__p_drawn"  # where p_reveal holds an audit's chance as well
SAME_OUTCOME = "same_outcome"  # in a log's attrs: action → the one whose outcome it shows too
SIDES = IF_EVENT, IF_NO_EVENT = ("if_event", "if_no_event")
RESERVED = (
    CHANCE,
    f"{ARM}{CHANCE}",
    VALUE,
    FEATURE,
    SEGMENT,
    PROTECTED,
    "exploration_",
    SEAT,
    "__",
)  # for us


def chance_of(action: str) -> str:
    """The probability of an action, before the draw: p_<action>."""
    return f"{CHANCE}{action}"


def score_of(outcome: str) -> str:
    """The score of one of several outcomes: score_<outcome>, an outcome named by its action."""
    return f"{SCORE}_{outcome}"


def m_of(outcome: str) -> str:
    """What stands for one of several outcomes where it is not seen: m_<outcome>."""
    return f"m_{outcome}"


def made_of(what: str, action: str) -> str:
    """What made an exploration's π towards an action, ``what`` one of MADE: exploration_k_<a>."""
    return f"exploration_{what}_{action}"


def value_of(action: str, side: str) -> str:
    """The dollars of an action, ``side`` one of SIDES: value_<action>_if_event and so on."""
    return f"{VALUE}{action}_{side}"


def seat_of(what: str, action: str) -> str:
    """About the seats of a limited action: seat_lambda_<a>, seat_before_<a> and so on."""
    return f"{SEAT}{what}_{action}"


def valued_actions(columns: Iterable[object]) -> list[str]:
    """The actions whose dollars are among the columns, in their order."""
    ending = f"_{IF_NO_EVENT}"
    return [
        column.removeprefix(VALUE).removesuffix(ending)
        for column in columns
        if isinstance(column, str) and column.startswith(VALUE) and column.endswith(ending)
    ]
