"""A notice as text for a letter, and as a page; both say the same, in the same order."""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import fill

import pandas as pd

from truerisk.decisions.notice import Letter
from truerisk.reports.kit.markup import filled
from truerisk.wording.counted import counted

WIDTH = 78


@dataclass(frozen=True)
class Passage:
    """A heading, maybe none, and what stands below it: paragraphs or a list."""

    heading: str
    lines: list[str]
    listed: bool = False


def as_text(letter: Letter) -> str:
    """The notice as plain text, lines of at most 78 characters."""
    parts = [letter.creditor, *letter.address.splitlines(), "", *_about(letter)]
    for passage in passages(letter):
        parts.append("")
        if passage.heading:
            parts += [passage.heading, ""]
        if passage.listed:
            parts += [
                fill(line, WIDTH, initial_indent=f"{i}. ", subsequent_indent="   ")
                for i, line in enumerate(passage.lines, 1)
            ]
        else:
            parts += [fill(line, WIDTH) if line else "" for line in passage.lines]
    return "\n".join(parts)


def as_html(letter: Letter) -> str:
    """The notice as a self-contained page."""
    return filled(
        "notice.html",
        title="Notice of a decision",
        letter=letter,
        about=_about(letter),
        passages=list(passages(letter)),
    )


def passages(letter: Letter) -> Iterator[Passage]:
    """What the notice says below its head, in order."""
    if letter.before:
        yield Passage("", letter.before.splitlines())
    yield Passage("", ["We could not approve your application."])
    one = len(letter.reasons) == 1
    yield Passage("The reason" if one else "The reasons", letter.reasons, listed=True)
    yield Passage("Where this came from", letter.sources, listed=True)
    if letter.answer_days is not None:
        yield Passage("If you do not agree", _contest(letter))
    if letter.after:
        yield Passage("", letter.after.splitlines())


def _about(letter: Letter) -> list[str]:
    return [
        f"Date of the decision: {_day(letter.decided)}",
        f"Your application of {_day(letter.applied)}",
        f"Reference: {letter.decision_id}",
    ]


def _contest(letter: Letter) -> list[str]:
    until = "" if letter.until is None else f" until {_day(letter.until)}"
    days = counted(max(round(letter.answer_days or 0), 1), "day")
    said = (
        f"You may contest this decision{until}, say how you see it, and add what is new. A person "
        f"who did not take it looks at it again and answers within {days}."
    )
    return [said, *letter.contest.splitlines()]


def _day(at: pd.Timestamp) -> str:
    return f"{at.day} {at:%B %Y}"
