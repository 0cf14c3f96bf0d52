"""What a problem file says to those whom a decision went against: why, and what then."""

from typing import Any, Literal, Self

from pydantic import model_validator

from truerisk.problem.types import Part, Passage, Positive, Sentence

Side = Literal["low", "high", "missing", "other"]
SIDES: tuple[Side, ...] = ("low", "high", "missing", "other")
ALONE = "alone"  # a side whose sentence speaks of others too, one of which is missing
MOST_REASONS = 4


class Reason(Part):
    """``text`` wherever a side has no sentence of its own; ``low``, ``high``: a number below or
    above its usual value; ``missing``: none; ``other``: a text that is not the usual one;
    ``alone``: what is said instead of a sentence that other factors have too, where one of them is
    missing: who gave no income is not told that it is low."""

    text: Sentence | None = None
    low: Sentence | None = None
    high: Sentence | None = None
    missing: Sentence | None = None
    other: Sentence | None = None
    alone: Sentence | None = None

    @model_validator(mode="before")
    @classmethod
    def _sentence(cls, value: Any) -> Any:
        return value if isinstance(value, dict | Reason) else {"text": value}

    @model_validator(mode="after")
    def _some(self) -> Self:
        said = [s for s in ("text", *SIDES) if getattr(self, s) is not None]
        if not said:
            raise ValueError('needs a sentence, such as { low = "Your income is low" }')
        return self

    def at(self, side: str | None) -> str | None:
        """The sentence for a side (``alone`` too), None where it speaks for the application."""
        own: str | None = getattr(self, side) if side else None
        return self.text if own is None else own

    def is_declared(self, side: Side) -> bool:
        """Whether the file itself says that this side speaks against an application."""
        return getattr(self, side) is not None


class Notice(Part):
    """The words of an adverse-action notice around what truerisk says of the decision itself.

    ``capacity``, ``late`` and ``terms`` are reasons: no seat was left; nobody looked in time; no
    applicant whatever would have had the offer, so that nothing of this one is the reason.
    """

    creditor: Sentence
    address: Passage
    before: Passage = ""
    after: Passage = ""
    capacity: Sentence = "No place was left on the day of your application"
    late: Sentence = "Your application could not be looked at in time"
    terms: Sentence = "We make no offer to any applicant on the terms that you asked for"

    @model_validator(mode="after")
    def _an_address(self) -> Self:
        if not self.address.strip():
            raise ValueError("has a blank address; write where an applicant may write to")
        return self


class Contest(Part):
    """Who is declined may ask that a person looks at it.

    ``within`` (from the decision on; always, if left out) is the time to ask, ``answer_within`` the
    time that the lender has to answer; ``how`` is what the notice says.
    """

    answer_within: Positive
    within: Positive | None = None
    how: Passage = ""
