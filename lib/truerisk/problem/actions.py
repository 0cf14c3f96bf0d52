"""What can be done with an application: actions with their limits, the calendar they follow, rules.

An action with ``capacity`` is limited; one with ``verdicts`` is a review: a person looks, and the
verdict becomes another action.
"""

from datetime import date
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainSerializer, field_validator, model_validator

from truerisk.problem.shown import shown
from truerisk.problem.types import Expression, Name, Part, Positive, Sentence
from truerisk.wording.lists import one_of

Kind = Literal["working", "saturday", "sunday", "holiday"]
KINDS: tuple[Kind, ...] = ("working", "saturday", "sunday", "holiday")  # of days
MOST_SEATS = 10**9
LATE = "late"  # the verdict of a review whose time ran out
NO_PLACES = ("localtime", "posix", "right/", "Factory")  # a machine's own, leap seconds, none
OF_REVIEW = ("within", "late", "audit")  # beside its verdicts


def _seats(value: Any) -> Any:
    """A number for every day, or one for each kind of day, as the latter."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole and not isinstance(value, dict):
        raise ValueError(
            f"is {shown(value, 60)}; write a number of seats a day, such as 100, or one for each "
            "kind of day: { working = 100, saturday = 40, sunday = 0, holiday = 0 }"
        )
    days = dict.fromkeys(KINDS, value) if whole else value
    for kind in days:
        if kind not in KINDS:
            raise ValueError(f"names {shown(kind, 40)}; the kinds of day are {one_of(KINDS)}")
    for kind in KINDS:
        if kind not in days:
            raise ValueError(f"does not say how many on a {kind} day; write {kind} = 0 for none")
        n = days[kind]
        if not isinstance(n, int) or isinstance(n, bool) or not 0 <= n <= MOST_SEATS:
            raise ValueError(
                f"is {shown(n, 40)}{'' if whole else f' on a {kind} day'}; it must be a whole "
                "number of seats, 0 or more"
            )
    return days


def _day(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"is {shown(value, 40)}; write a day as 2026-12-25") from None
    return value


Seats = Annotated[dict[Kind, int], BeforeValidator(_seats)]
Day = Annotated[date, BeforeValidator(_day), PlainSerializer(lambda d: d.isoformat())]


class Calendar(Part):
    """What a day is, for capacities and due times: midnight to midnight in ``zone``."""

    zone: str = "UTC"
    holidays: list[Day] = []

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            if zone.startswith(NO_PLACES):
                raise ValueError
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError):  # what it raises depends on the wrong name
            raise ValueError(
                f'is {shown(zone, 60)}; write a name such as "Europe/Madrid" or "UTC"'
            ) from None
        return zone


class Action(Part):
    """Something that can be done, and its dollars if the event happens and if not.

    ``capacity`` is how many a day there are seats for, ``explore_seats`` the part of them that
    exploration has for itself. ``same_outcome_as`` and ``own_outcome`` say which outcome a
    revealing action shows. A review has ``verdicts`` (what a person may say → the action that it
    becomes) and ``late``, the action where no verdict came ``within`` the time; ``audit`` is the
    chance that what the verdict declines passes all the same, at least ``audit_floor`` over the
    probability of being revealed.
    """

    reveals: bool
    if_event: Expression
    if_no_event: Expression
    same_outcome_as: Name | None = None
    own_outcome: bool = False
    capacity: Seats | None = None
    explore_seats: float = Field(0.05, ge=0, le=1)
    within: Positive | None = None
    verdicts: dict[Name, Name] = {}
    late: Name | None = None
    audit: float | None = Field(None, gt=0, le=1)
    audit_floor: float = Field(0.02, ge=0, le=1)

    @property
    def is_review(self) -> bool:
        return bool(self.verdicts)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        known = type(self).model_fields
        said = {name for name in known if getattr(self, name) != known[name].default}
        if LATE in self.verdicts:
            raise ValueError(
                f'has a verdict called "{LATE}", which is what no verdict in time is called; name '
                "it otherwise"
            )
        if "audit_floor" in said and not self.verdicts:
            raise ValueError("has an audit_floor and no verdicts to audit; leave it out")
        if "explore_seats" in said and self.capacity is None:
            raise ValueError("has explore_seats and no capacity; write capacity = 100, or leave it")
        if self.own_outcome and self.same_outcome_as:
            raise ValueError("has own_outcome and same_outcome_as; keep one of them")
        if not self.reveals and (self.own_outcome or self.same_outcome_as):
            told = "own_outcome" if self.own_outcome else "same_outcome_as"
            raise ValueError(
                "hides the outcome (reveals = false) and says which one it shows; leave out "
                f"{told}, or write reveals = true"
            )
        return self


class Rule(Part):
    when: Expression
    action: Name
    reason: Sentence
    absolute: bool = False
