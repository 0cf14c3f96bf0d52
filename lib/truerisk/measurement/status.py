"""Why an estimate has no value, or only bounds: each reason once, with the sentence it is kept as.

Inside, a reason is the key. Its sentence is made last, and here alone it is read again, as the lake
keeps sentences.
"""

import re
from enum import Enum
from string import Formatter

OK = "ok"
TEXT = {"which"}  # fields that hold words; the others hold numbers


class Reason(Enum):
    """A reason's sentence, with the numbers it needs."""

    NO_CHANCE = "not identified: no application had a logged chance to be revealed"
    SOME_WITHOUT_CHANCE = "not identified: {share:.1%} had no chance to be revealed"
    UNSEEN = "bounded: {n:,} approved outcomes were not seen"
    LOST = (
        "assumed: {n:,} lost outcomes are like those followed; lowest and highest hold the worst "
        "cases"
    )
    FEW_SEEN = "withheld: fewer than two outcomes are seen ({n:,})"
    ALIKE = "withheld: all {n:,} seen outcomes are alike"
    ONE_SUBJECT = "withheld: all applications ({n:,}) are of one subject"
    ONE_DAY = "withheld: all applications ({n:,}) are of one day"
    FEW_EXPLORED = "withheld: {n:,} explored labels (effective), {need} are needed"
    FEW_OUTCOMES = "withheld: {n:,} {which} (effective), {need} are needed"
    UNDEFINED = "withheld: undefined on these rows (no weight, scores of 0 or 1, or null dollars)"
    TOO_WIDE = (
        "withheld: the interval {low:.2f} … {high:.2f} says nothing; the largest weight is "
        "{weight:,.0f}"
    )

    def status(self, **numbers: float | str) -> str:
        """The sentence; raises KeyError where a number is missing."""
        return self.value.format(**numbers)

    def read(self, status: str) -> dict[str, str] | None:
        """The numbers as the sentence writes them, None where another reason made it."""
        match = re.fullmatch(_pattern(self.value), status)
        return None if match is None else match.groupdict()


def reason_of(status: str) -> tuple[Reason, dict[str, str]] | None:
    """The reason that made a status, with its numbers as written; None for another text."""
    for reason in Reason:
        numbers = reason.read(status)
        if numbers is not None:
            return reason, numbers
    return None


def _pattern(sentence: str) -> str:
    parts = []
    for text, field, _, _ in Formatter().parse(sentence):
        parts.append(re.escape(text))
        if field is not None:
            parts.append(f"(?P<{field}>{'[a-z -]+' if field in TEXT else '[-−0-9,.]+%?'})")
    return "".join(parts)
