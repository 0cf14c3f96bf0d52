"""A notice as text for a letter, and as a page; both say the same, in the same order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from textwrap import fill
from typing import Any, Literal

from truerisk.decisions.notice import Letter, letter
from truerisk.lake.lake import Lake
from truerisk.problem.spec import Problem
from truerisk.reports.kit.markup import filled
from truerisk.wording.counted import counted

WIDTH = 78


@dataclass(frozen=True)
class Passage:
    """A heading, maybe none, and what stands below it: paragraphs or a list."""

    heading: str
    lines: list[str]
    listed: Literal["", "numbered", "bulleted"] = ""


def notice(
    problem: Problem, lake: Lake, decision_id: str, html: bool = False, known_at: object = None
) -> str:
    """The notice to whom a decision went against: text, or a page to print, without a script.

    As known at ``known_at`` (UTC, default now). Raises ProblemError where the file has no
    ``[notice]``, RegistryError for an unknown decision, one that is not adverse or waits for a
    person, or one without a specific reason.
    """
    made = letter(problem, lake, decision_id, known_at)
    return as_html(made) if html else as_text(made)


def as_text(letter: Letter) -> str:
    """The notice as plain text, lines of at most 78 characters."""
    parts = [letter.creditor, *letter.address.splitlines(), "", *_about(letter)]
    for passage in passages(letter):
        parts.append("")
        if passage.heading:
            parts += [passage.heading, ""]
        if passage.listed:
            numbered = passage.listed == "numbered"
            marks = [f"{i}. " if numbered else "- " for i in range(1, len(passage.lines) + 1)]
            parts += [
                fill(line, WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark))
                for mark, line in zip(marks, passage.lines)
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
    if letter.asked is not None:
        yield Passage("", [_again(letter.asked)])
    one = len(letter.reasons) == 1
    yield Passage("The reason" if one else "The reasons", letter.reasons, "numbered")
    yield Passage("Where this came from", letter.sources, "bulleted")
    waits = letter.asked is not None and letter.asked["outcome"] is None
    if letter.answer_days is not None and not waits:  # one contest at a time
        yield Passage("If you do not agree", _contest(letter))
    if letter.after:
        yield Passage("", letter.after.splitlines())


def _about(letter: Letter) -> list[str]:
    return [
        f"Date of the decision: {_day(letter.decided)}",
        f"Your application of {_day(letter.applied)}",
        f"Reference: {letter.decision_id}",
    ]


def _again(asked: dict[str, Any]) -> str:
    """What became of the newest contest, in a sentence."""
    on = _day(asked["at"])
    if asked["outcome"] is None:
        return f"On {on} you contested the decision; a person answers by {_day(asked['due'])}."
    stands = "The decision stands" if asked["outcome"] == "upheld" else "It is now as said above"
    return f"On {on} a person looked at the decision again. {stands}."


def _contest(letter: Letter) -> list[str]:
    until = "" if letter.until is None else f" until {_day(letter.until)}"
    days = counted(max(round(letter.answer_days or 0), 1), "day")
    said = (
        f"You may contest this decision{until}, say how you see it, and add what is new. A person "
        f"who did not take it looks at it again and answers within {days}."
    )
    return [said, *letter.contest.splitlines()]


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
