"""Contests: an applicant asks that a person looks at an automated decision, and is answered.

``contests/<problem>`` has a row per event, opened and decided, each a link of the table's chain.
The ledger stays as it was decided: what a contest changes is an override after the draw.
"""

import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable

from truerisk.columns import DUE
from truerisk.decisions.held import held
from truerisk.decisions.lookup import decided_by, decision_of, persons_of
from truerisk.errors import ProblemError, RegistryError
from truerisk.lake import chain
from truerisk.lake.lake import Lake
from truerisk.lake.overrides import CHANGED
from truerisk.lake.tables import CONTEST_KEY, CONTESTS_SCHEMA, contests_of
from truerisk.problem.instant import instant
from truerisk.problem.notice import Contest
from truerisk.problem.shown import shown
from truerisk.problem.spec import Problem
from truerisk.registry.person import person, reason, same_person
from truerisk.wording.lists import one_of

OPENED, DECIDED = "opened", "decided"
UPHELD = "upheld"
LONGEST = 4_000  # characters of a view, or of a fact
SPACES = "\n\t\u00ad\u200b\u200c\u200d\u200e\u200f"  # what joins, parts or directs letters
Row = dict[str, Any]
COLUMNS = ["contest_id", "decision_id", "state", "opened_at", "opened_by", "view", "facts", "due"]
ANSWER = ["outcome", "was", "action", "because"]
COLUMNS += ["decided_at", "reviewer", *ANSWER]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person answers: upheld, or changed to another ``action``; ``because`` is kept."""

    outcome: Literal["upheld", "changed"]
    by: str
    because: str
    action: str = ""


def open_contest(
    problem: Problem,
    lake: Lake,
    decision_id: str,
    view: str,
    by: str,
    facts: Sequence[str] = (),
    at: object = None,
) -> str:
    """Open the contest of a decision; its id.

    ``view`` is what the applicant says, ``facts`` what is new, ``by`` who took it down, ``at`` when
    it came (UTC, default now). Raises RegistryError for an unknown decision, one whose contest is
    open, one that still waits for a verdict, or too late; ProblemError where the file has no
    ``[contest]``.
    """
    asked, by, view = _asked(problem), person(by), _said("view", view)
    if isinstance(facts, str) or facts is None:
        raise RegistryError("facts is one text or none; give a list of texts, each one new fact.")
    said = [_said("fact", fact) for fact in facts]
    decision, came = decision_of(problem, lake, decision_id), instant(at)  # type: ignore[arg-type]
    then = decided_by(problem, lake, decision)
    asked = then.contest or asked  # what was promised on the day of the decision
    decided = pd.Timestamp(decision["decided_at"])
    if came < decided:
        raise RegistryError(
            f"The contest would be opened at {came:%Y-%m-%d %H:%M} UTC, before the decision of "
            f"{decided:%Y-%m-%d %H:%M} UTC; give the time at which it came."
        )
    if asked.within is not None and came > decided + asked.within:
        raise RegistryError(
            f"The decision could be contested until {decided + asked.within:%Y-%m-%d %H:%M} UTC "
            f"(contest.within when it was made), and this came at {came:%Y-%m-%d %H:%M} UTC."
        )
    if held(then, lake, decision, came).passes is None:
        raise RegistryError(
            "The decision waits for a person's verdict until "
            f"{decision[DUE]:%Y-%m-%d %H:%M} UTC; what that comes to can be contested."
        )

    def opened(events: list[Row]) -> Row:
        own = _of(events, decision_id)
        if own and own[-1]["event"] == OPENED:
            raise RegistryError(
                f"{own[-1]['by']} opened a contest of this decision on "
                f"{own[-1]['at']:%Y-%m-%d %H:%M} UTC already, and it is open; decide it first."
            )
        number = 1 + sum(e["event"] == OPENED for e in own)
        return {
            "contest_id": f"{decision_id}-{number}",
            "decision_id": decision_id,
            "event": OPENED,
            "at": came,
            "by": by,
            "view": view,
            "facts": json.dumps(said, ensure_ascii=False),
            "due": came + asked.answer_within,
        }

    return _append(problem, lake, opened)


def decide_contest(
    problem: Problem, lake: Lake, contest: str, answer: Answer, at: object = None
) -> str:
    """Answer an open contest, named by its id or its decision's; the action that holds from now on.

    Raises RegistryError unless it is open, the action is another one that the file had when it
    decided and no review, and whoever decides took no part in what is contested.
    """
    by, because = person(answer.by), reason(answer.because)
    decision_id = str(contest).partition("-")[0]
    decision, now = decision_of(problem, lake, decision_id), instant(at)  # type: ignore[arg-type]
    then = decided_by(problem, lake, decision)
    _allowed(then, answer)
    by_itself = held(then, lake, decision, now).action
    for who in persons_of(problem, lake, decision_id):
        if same_person(by, who):
            raise RegistryError(
                f"{by} gave the verdict that is contested; another person must decide the contest."
            )
    held_action: list[str] = []

    def decided(events: list[Row]) -> Row:
        own = _of(events, decision_id)
        if "-" in str(contest):
            own = [e for e in own if e["contest_id"] == contest]
        if not own:
            raise RegistryError(
                "Nobody contested this decision"
                + (" under that id" if "-" in str(contest) else "")
                + "; `truerisk contest list` has the contests."
            )
        last = own[-1]
        if last["event"] == DECIDED:
            raise RegistryError(
                f"{last['by']} decided this contest on {last['at']:%Y-%m-%d %H:%M} UTC already "
                f"({last['outcome']}); open another one where there is something new."
            )
        if now < last["at"]:
            raise RegistryError(
                f"The contest would be decided at {now:%Y-%m-%d %H:%M} UTC, before it was opened "
                f"on {last['at']:%Y-%m-%d %H:%M} UTC."
            )
        changes = [e for e in _of(events, decision_id) if e["outcome"] == CHANGED]
        holds = changes[-1]["action"] if changes else by_itself
        if changes and same_person(by, changes[-1]["by"]):
            raise RegistryError(
                f"{by} made the change that is contested; another person must decide the contest."
            )
        if answer.outcome == CHANGED and answer.action == holds:
            raise RegistryError(
                f'The action is "{holds}" already; a change needs another one, or say --outcome '
                "upheld."
            )
        held_action[:] = [answer.action or holds]
        return {
            "contest_id": last["contest_id"],
            "decision_id": decision_id,
            "event": DECIDED,
            "at": now,
            "by": by,
            "outcome": answer.outcome,
            "was": holds,
            "action": answer.action or None,
            "because": because,
        }

    _append(problem, lake, decided)
    return held_action[0]


def contests(problem: Problem, lake: Lake, known_at: object = None) -> pd.DataFrame:
    """Every contest as known at ``known_at`` (UTC, default now), those due first on top.

    ``state`` is open, overdue, upheld or changed; ``facts`` a list of texts; ``was`` the
    action that held until it was decided; times are UTC, null where not decided. It holds what
    applicants said: personal data.
    """
    table, known = contests_of(problem.name), instant(known_at)  # type: ignore[arg-type]
    if lake.version(table) is None:
        return pd.DataFrame(columns=COLUMNS)
    rows = lake.read(table)
    rows = rows[rows["at"] <= known]
    one = rows[rows["event"] == OPENED].drop(columns=ANSWER)
    one = one.rename(columns={"at": "opened_at", "by": "opened_by"})
    two = rows.loc[rows["event"] == DECIDED, ["contest_id", "at", "by", *ANSWER]].rename(
        columns={"at": "decided_at", "by": "reviewer"}
    )
    made = one.merge(two, on="contest_id", how="left")
    late = made["due"] < known
    open_ = pd.Series("open", index=made.index).mask(late, "overdue")
    made["state"] = made["outcome"].fillna(open_)
    made["facts"] = made["facts"].map(json.loads)
    made = made.assign(done=made["outcome"].notna())
    return made.sort_values(["done", "due", "contest_id"], ignore_index=True)[COLUMNS]


def _append(problem: Problem, lake: Lake, make: Callable[[list[Row]], Row]) -> str:
    """Append the event that ``make`` makes of the newest events; it may raise to refuse.

    Two people at once: the second's ``make`` sees what the first did.
    """
    table = contests_of(problem.name)
    noted = chain.noted(lake, table)

    def rows(handle: DeltaTable | None) -> pa.Table:
        held = CONTESTS_SCHEMA.empty_table()
        if handle is not None:
            held = lake.arrow(table, handle.version())
        broken = next(chain.breaks(held, CONTEST_KEY, noted), None)
        if broken:
            raise RegistryError(
                f"{table} of the lake at {lake.root} was changed from outside: {broken}; "
                "`truerisk verify` says all; restore the table from a copy."
            )
        event = make(held.to_pylist())
        event["event_id"] = f"{event['contest_id']}-{event['event']}"
        row = pa.Table.from_pylist([event], schema=CONTESTS_SCHEMA)
        sealed, newest = chain.link(chain.newest(held, CONTEST_KEY), row, CONTEST_KEY)
        made[:] = [(newest, event["contest_id"])]
        return sealed

    made: list[tuple[chain.Head, str]] = []
    lake.commit(table, CONTESTS_SCHEMA, rows)
    chain.note(lake, table, made[0][0])
    return made[0][1]


def _of(held: list[Row], decision_id: str) -> list[Row]:
    """The events of a decision, in the order in which they were written."""
    own = [e for e in held if e["decision_id"] == decision_id]
    return sorted(own, key=lambda e: e[chain.AT])


def _asked(problem: Problem) -> Contest:
    if problem.contest is None:
        raise ProblemError(
            f"{problem.where}: has no [contest], so nobody can say by when a person answers; "
            'write [contest] and answer_within = "30d".'
        )
    return problem.contest


def _allowed(problem: Problem, answer: Answer) -> None:
    if answer.outcome not in (UPHELD, CHANGED):
        raise RegistryError(
            f"--outcome is {shown(answer.outcome, 40)}; a contest is upheld (the decision stays) "
            "or changed."
        )
    if answer.outcome == UPHELD and answer.action:
        raise RegistryError("An upheld decision keeps its action; leave --action out.")
    allowed = [a for a in problem.actions if a not in problem.reviews]
    if answer.outcome == CHANGED and answer.action not in allowed:
        came = shown(answer.action, 40) if answer.action else "missing"
        raise RegistryError(
            f"--action is {came}; a changed decision takes one of {one_of(allowed)}."
        )


def _said(what: str, text: str) -> str:
    """A text of the applicant's, in any script, as it is kept; no message repeats it."""
    if not isinstance(text, str):
        raise RegistryError(f"--{what} is no text; write down what the applicant says.")
    kept = text.replace("\r\n", "\n").strip()
    if not any(c.isprintable() and not c.isspace() for c in kept):
        raise RegistryError(f"--{what} is empty; write down what the applicant says.")
    if len(kept) > LONGEST:
        raise RegistryError(f"--{what} has {len(kept):,} characters; {LONGEST:,} do.")
    odd = {c for c in kept if not c.isprintable() and c not in SPACES}
    if any(unicodedata.category(c) != "Zs" for c in odd):
        raise RegistryError(f"--{what} holds characters that are not seen; leave them out.")
    return kept
