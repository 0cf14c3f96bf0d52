"""Submit, approve, reject, roll back: the only ways a model's state changes."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from truerisk.errors import ModelError, RegistryError
from truerisk.lake.lake import Lake
from truerisk.registry.events import (
    Event,
    Row,
    champion_in,
    check_chain,
    events_of,
    record,
    status,
)
from truerisk.registry.person import person, reason, same_person

if TYPE_CHECKING:
    import pandas as pd

SHORTEST_HASH = 8
LISTED = ["version", "status", "candidate", "known_at", "auc", "auc_population", "gate"]
LISTED += ["submitted", "last_event", "by", "because", "report_hash"]


def submit(
    problem: str,
    lake: Lake,
    version: str,
    by: str,
    report_hash: str,
    compared: str | None,
    payload: dict[str, Any],
) -> bool:
    """Offer a model for approval with a report that compares it with champion ``compared``.

    False when nothing changed: the same model is the champion, was rejected, or awaits a decision
    on a report that compares with the same champion and is still there. ``payload`` holds
    the gate's checks and what a list of models shows.
    """

    def decide(events: list[Row]) -> list[Event]:
        state = status(events, version)
        if state == "submitted":
            offered = _submitted(problem, lake, events, version)
            if offered["expected_champion"] == compared and _intact(
                problem, lake, version, offered
            ):
                return []
        elif state in ("champion", "rejected"):
            return []
        return [
            Event(
                problem=problem,
                version=version,
                event="submitted",
                by=by,
                because="trained by a flow",
                report_hash=report_hash,
                expected_champion=compared,
                payload=payload,
            )
        ]

    return record(problem, lake, decide) > 0


def approve(
    problem: str,
    lake: Lake,
    version: str,
    by: str,
    because: str,
    report_hash: str,
    override: bool = False,
) -> None:
    """A named person approves a model after reading its report: it becomes the champion.

    Raises RegistryError unless the model awaits a decision, the hash is its report's, its gate
    passed (or ``override``), the champion is still the one its report compares it with, and, where
    it was submitted with ``gate.second_person``, somebody else submitted it. Raises ModelError
    where the report or the package is not, byte for byte, what was submitted.
    """
    by, because = person(by), reason(because)

    def decide(events: list[Row]) -> list[Event]:
        offered = _awaiting(problem, lake, events, version)
        if len(report_hash) < SHORTEST_HASH or not offered["report_hash"].startswith(report_hash):
            raise RegistryError(
                f"{report_hash!r} is not the hash of the report of {version}; read the report "
                "(`truerisk report`) and give back the hash that this command prints."
            )
        said = json.loads(offered["payload"])
        as_submitted(problem, lake, version, offered)
        if said.get("second_person"):
            _refuse_the_submitter(by, version, offered)
        checks = said["gate"]
        failed = [c["name"] for c in checks if not c["passed"]]
        if failed and not override:
            raise RegistryError(
                f"{version} failed its gate ({'; '.join(failed)}); approve with --override and a "
                "reason that will be kept, or train again."
            )
        now, compared = champion_in(events), offered["expected_champion"]
        if now != compared:
            last = [e for e in events if e["event"] in ("promoted", "rolled back")][-1]
            moved = "promoted" if last["event"] == "promoted" else "rolled back to"
            raise RegistryError(
                f"The champion is {now} since {last['by']} {moved} it at "
                f"{last['at']:%Y-%m-%d %H:%M} UTC, and the report of {version} compares with "
                f"{compared or 'no champion'}; train again to compare with {now}."
            )
        kept, full = {"override": override, "failed": failed}, offered["report_hash"]
        approved = Event(
            problem=problem,
            version=version,
            event="approved",
            by=by,
            because=because,
            report_hash=full,
            expected_champion=compared,
            payload=kept,
        )
        return [approved, replace(approved, event="promoted")]

    record(problem, lake, decide)


def refuse_submitter(problem: str, lake: Lake, version: str, by: str) -> None:
    """RegistryError where ``by`` submitted the model: a second person is asked for since then."""
    _refuse_the_submitter(person(by), version, submission(problem, lake, version))


def reject(problem: str, lake: Lake, version: str, by: str, because: str) -> None:
    """A named person declines a model; it can be trained and submitted again as a new version."""
    by, because = person(by), reason(because)

    def decide(events: list[Row]) -> list[Event]:
        _awaiting(problem, lake, events, version)
        return [Event(problem=problem, version=version, event="rejected", by=by, because=because)]

    record(problem, lake, decide)


def rollback(problem: str, lake: Lake, by: str, because: str) -> str:
    """The champion before this one decides again; returns its version.

    Raises RegistryError when there was none, ModelError where its package is not whole any more.
    """
    by, because = person(by), reason(because)
    back: list[str] = []

    def decide(events: list[Row]) -> list[Event]:
        line = _line_of_champions(events)
        if len(line) < 2:
            raise RegistryError(
                f"Problem {problem} has no earlier champion to roll back to; "
                "`truerisk models` lists its models."
            )
        back[:] = [line[-2]]
        package_as_submitted(problem, lake, _submitted(problem, lake, events, line[-2]))
        left = {"left": line[-1]}
        return [
            Event(
                problem=problem,
                version=line[-2],
                event="rolled back",
                by=by,
                because=because,
                expected_champion=line[-1],
                payload=left,
            )
        ]

    record(problem, lake, decide)
    return back[0]


def champion_of(problem: str, lake: Lake) -> str:
    """The version that decides; RegistryError says how to get one, or that events were changed."""
    check_chain(lake)
    events = events_of(problem, lake)
    now = champion_in(events)
    if now is None:
        offered = [e["version"] for e in events if e["event"] == "submitted"]
        waiting = [v for v in offered if status(events, v) == "submitted"]
        state = f"{waiting[-1]} awaits approval" if waiting else "no model awaits approval"
        raise RegistryError(
            f"Problem {problem} has no champion in the lake at {lake.root} ({state}); train a "
            "model, read its report and approve it."
        )
    return now


def list_models(problem: str, lake: Lake) -> "pd.DataFrame":
    """Every submitted version with its state and last event, newest first, as a frame."""
    import pandas as pd  # what only lists or decides does without

    return pd.DataFrame(models_of(problem, lake), columns=LISTED)


def models_of(problem: str, lake: Lake) -> list[Row]:
    """Every submitted version with its state and last event, newest first."""
    events = events_of(problem, lake)
    last = {e["version"]: e for e in events}
    offers = {e["version"]: e for e in events if e["event"] == "submitted"}
    rows = []
    for version, offer in sorted(offers.items(), key=lambda own: own[1]["seq"], reverse=True):
        payload = json.loads(offer["payload"])
        values = (
            version,
            status(events, version),
            *(payload.get(name) for name in ("candidate", "known_at", "auc", "auc_population")),
            "passed" if all(c["passed"] for c in payload["gate"]) else "failed",
            offer["at"],
            *(last[version][name] for name in ("event", "by", "because")),
            offer["report_hash"],
        )
        rows.append(dict(zip(LISTED, values, strict=True)))
    return rows


def submission(problem: str, lake: Lake, version: str) -> Row:
    """The event that submitted a version; RegistryError lists those that exist."""
    return _submitted(problem, lake, events_of(problem, lake), version)


def _submitted(problem: str, lake: Lake, events: list[Row], version: str) -> Row:
    offers = [e for e in events if e["event"] == "submitted"]
    own = [e for e in offers if e["version"] == version]
    if not own:
        raise RegistryError(
            f"There is no model {version} of {problem} in the lake at {lake.root}; "
            f"submitted are {', '.join(e['version'] for e in offers) or 'none yet'}."
        )
    return own[-1]


def _awaiting(problem: str, lake: Lake, events: list[Row], version: str) -> Row:
    offered = _submitted(problem, lake, events, version)
    state = status(events, version)
    if state != "submitted":
        own = [e for e in events if e["version"] == version]
        decided = [e for e in own if e["event"] != "submitted"][-1]
        raise RegistryError(
            f"{version} is {state} already: {decided['by']} {decided['event']} it at "
            f"{decided['at']:%Y-%m-%d %H:%M} UTC."
        )
    return offered


def _line_of_champions(events: list[Row]) -> list[str]:
    """The champions one can go back along: a roll back takes the last one off again."""
    line: list[str] = []
    for row in events:
        if row["event"] == "promoted":
            line.append(row["version"])
        elif row["event"] == "rolled back":
            line.pop()
    return line


def as_submitted(problem: str, lake: Lake, version: str, offered: Row) -> None:
    """ModelError unless the report and the package are the ones that were submitted."""
    from truerisk.models.package import read_report  # listing does without

    read_report(problem, lake, version, offered["report_hash"])
    package_as_submitted(problem, lake, offered)


def package_as_submitted(problem: str, lake: Lake, offered: Row) -> None:
    """ModelError unless the package is the one that was submitted, and loads."""
    from truerisk.models.package import load, read_manifest

    version = offered["version"]
    load(problem, lake, version)
    sealed = json.loads(offered["payload"]).get("package")
    if sealed and read_manifest(problem, lake, version)["sha256"] != sealed:
        raise ModelError(
            f"The package of model {version} of {problem} is not the one that was submitted with "
            "its report; train again."
        )


def _intact(problem: str, lake: Lake, version: str, offered: Row) -> bool:
    try:
        as_submitted(problem, lake, version, offered)
    except ModelError:
        return False
    return True


def _refuse_the_submitter(by: str, version: str, offered: Row) -> None:
    submitters = [json.loads(offered["payload"]).get("submitter"), offered["by"]]
    if any(s and same_person(by, s) for s in submitters):
        raise RegistryError(
            f"{by} submitted {version}, and gate.second_person asks for another person to approve."
        )
