"""The notice of an adverse decision: what was decided, why, from which sources, and what then.

It says nothing of how others are decided: no score, no dollars, no chance, no draw.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from truerisk.decisions.held import Held, held
from truerisk.decisions.lookup import decided_by, decision_of
from truerisk.decisions.reasons import TERMS, factors_in, read
from truerisk.errors import ProblemError, RegistryError
from truerisk.lake import chain
from truerisk.lake.lake import Lake
from truerisk.lake.one import rows_where
from truerisk.lake.overrides import CHANGED
from truerisk.lake.tables import LEDGER_KEY, contests_of, verdicts_of
from truerisk.problem.expression import columns_of
from truerisk.problem.instant import instant
from truerisk.problem.notice import MOST_REASONS, Notice
from truerisk.problem.origins import origins
from truerisk.problem.reasons import line_of, said_of
from truerisk.problem.spec import Problem


@dataclass(frozen=True, kw_only=True)
class Letter:
    """All that the notice says; ``until`` is the last moment to contest, None where there is none.

    ``reasons`` are one to four sentences, ``sources`` the names of where they came from. ``asked``
    is the newest event of a contest, opened (``due`` then) or decided, None where there is none.
    """

    creditor: str
    address: str
    decision_id: str
    applied: pd.Timestamp
    decided: pd.Timestamp
    before: str
    after: str
    reasons: list[str]
    sources: list[str]
    contest: str
    until: pd.Timestamp | None
    answer_days: float | None
    asked: dict[str, Any] | None


def letter(problem: Problem, lake: Lake, decision_id: str, known_at: object = None) -> Letter:
    """What is written to whom a decision went against, as known at ``known_at`` (default now).

    In the words of the file that decided (``decided_by``), however the file has changed since.
    Raises ProblemError where the file has no ``[notice]``, RegistryError for an unknown decision,
    one that is not adverse or waits for a person, or one without a specific reason.
    """
    row, known = decision_of(problem, lake, decision_id), instant(known_at)  # type: ignore[arg-type]
    said = _notice(problem)
    if known < row["as_of"]:
        raise RegistryError(
            f"The application came on {row['as_of']:%Y-%m-%d %H:%M} UTC; on {known:%Y-%m-%d %H:%M} "
            "UTC there was nothing to write of."
        )
    today, problem = problem, decided_by(problem, lake, row)
    said = problem.notice or said
    now = held(problem, lake, row, known)
    if now.passes is None:
        raise RegistryError(
            "The decision waits for a person's verdict; write to the applicant when it is given."
        )
    if now.passes:
        since = f': a contest changed it to "{now.action}"' if now.by == "contest" else ""
        raise RegistryError(
            f"The decision is not adverse{since}: nobody needs a notice; `truerisk decisions` "
            "shows what was decided."
        )
    decided = pd.Timestamp(row["decided_at"])
    asked = problem.contest
    reasons = list(dict.fromkeys(_sentences(problem, today, lake, row, now, known)))[:MOST_REASONS]
    if not reasons:
        raise RegistryError(
            "The ledger holds no specific reason for this decision, and a notice needs one; a "
            "person must look at it and write."
        )
    until = None if asked is None or asked.within is None else decided + asked.within
    days = None if asked is None else asked.answer_within.total_seconds() / 86_400
    return Letter(
        creditor=said.creditor,
        address=said.address.strip(),
        decision_id=decision_id,
        applied=pd.Timestamp(row["as_of"]),
        decided=decided,
        before=said.before.strip(),
        after=said.after.strip(),
        reasons=reasons,
        sources=list(dict.fromkeys(_sources(problem, row, now))),
        contest="" if asked is None else asked.how.strip(),
        until=until,
        answer_days=days,
        asked=_asked(problem, lake, decision_id, known),
    )


def source_of(problem: Problem, factor: str) -> str:
    """The source that a factor comes from, the application's own first where there are several."""
    found = origins(problem, [factor])
    own = problem.application.source
    return own if own in found else found[0]


def name_of(problem: Problem, source: str) -> str:
    """How people call a source: as the file says, else by what it is or whose it is."""
    own = problem.sources[source]
    return own.called.strip() or own.description.strip() or own.owner or source


def _notice(problem: Problem) -> Notice:
    if problem.notice is None:
        raise ProblemError(
            f"{problem.where}: has no [notice], so there is no letter to write; write [notice], "
            'creditor = "…" and address = "…".'
        )
    return problem.notice


def _sentences(
    problem: Problem,
    today: Problem,
    lake: Lake,
    row: dict[str, Any],
    now: Held,
    known: pd.Timestamp,
) -> Iterator[str]:
    said = problem.notice or _notice(today)
    if now.by == "late":
        yield said.late
    elif now.by == "verdict":
        given = rows_where(lake, verdicts_of(problem.name), LEDGER_KEY, row["decision_id"])
        yield str(given[0]["because"])
    elif now.by == "contest":
        answers = rows_where(lake, contests_of(problem.name), LEDGER_KEY, row["decision_id"])
        changes = [a for a in answers if a["outcome"] == CHANGED and a["at"] <= known]
        yield str(max(changes, key=lambda a: a[chain.AT])["because"])
    elif row["reasons"]:
        for reason in read(row["reasons"]):
            yield from told_in(said, reason) or _told((problem, today), reason)


def told_in(said: Notice, reason: dict[str, Any]) -> list[str]:
    """The sentence of a reason that is no factor's: a rule, no seat, no terms."""
    if "rule" in reason:
        return [reason["rule"]]
    return [getattr(said, own) for own in ("capacity", TERMS) if own in reason]


def _told(files: tuple[Problem, Problem], reason: dict[str, Any]) -> list[str]:
    """Each factor's sentence in the file that decided, or today's for what that had none for."""
    told = []
    for factor, side in factors_in(reason):
        sentences = [sentence_of(problem, factor, side) for problem in files]
        sentence = sentences[0] or sentences[1]
        if not sentence:
            where = line_of(factor, side if side and said_of(files[1].reasons, factor) else "")
            raise ProblemError(
                f"{files[1].where}: has no sentence for what the ledger gives as a reason; write "
                f"under [reasons] {where}."
            )
        told.append(sentence)
    return list(dict.fromkeys(told))


def sentence_of(problem: Problem, factor: str, side: str | None) -> str | None:
    """What a file says of a factor on a side of its usual value, None where it says nothing."""
    own = said_of(problem.reasons, factor)
    return None if own is None else own.at(side)


def _sources(problem: Problem, row: dict[str, Any], now: Held) -> Iterator[str]:
    """In the order of the reasons, by what each was computed from."""
    read_of: list[str] = []
    for reason in read(row["reasons"]) if now.by == "decision" and row["reasons"] else ():
        read_of += [factor for factor, _ in factors_in(reason)]
        for rule in problem.rules:
            if rule.reason == reason.get("rule"):
                read_of += sorted(columns_of(rule.when))
    names = [source for column in read_of for source in origins(problem, [column])]
    yield from (name_of(problem, name) for name in names or [problem.application.source])


def _asked(
    problem: Problem, lake: Lake, decision_id: str, known: pd.Timestamp
) -> dict[str, Any] | None:
    events = rows_where(lake, contests_of(problem.name), LEDGER_KEY, decision_id)
    return max((e for e in events if e["at"] <= known), key=lambda e: e[chain.AT], default=None)
