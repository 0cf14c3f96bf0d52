"""A problem file to start from, as text: what was guessed of the files, each guess in a comment."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from truerisk.errors import SourceError
from truerisk.lake.duck import connect
from truerisk.lake.reader.forms import contract_line
from truerisk.profiling import roles
from truerisk.profiling.guesses import SEEN, File, Guesses, open_as_asked
from truerisk.profiling.roles import quoted


@dataclass(frozen=True, kw_only=True)
class Starter:
    """The text of the file, what was guessed, what was left out and why, and when all is known.

    ``asked`` names inputs that may not have been known at the application, or is empty.
    """

    text: str
    known_at: str
    guesses: list[str]
    left_out: dict[str, str]
    asked: str


def starter(paths: list[str], name: str = "") -> Starter:
    """From one file that holds applications with their outcome, or from one of each.

    Raises SourceError for a file that holds no event, or for two that share no key.
    """
    if not 1 <= len(paths) <= 2:
        raise SourceError(
            f"init takes one or two files, applications and outcomes, not {len(paths)}."
        )
    with connect() as con:
        one = open_as_asked(con, paths[0], "applications")
        two = open_as_asked(con, paths[1], "outcomes") if len(paths) == 2 else None
        found = Guesses(one, two)
    name = name or _plain(Path(paths[0]).name.split(".")[0])
    text = "\n".join([*_head(found, name), *_sources(found), *_body(found)])
    return Starter(
        text=text + "\n",
        known_at=found.known_at,
        guesses=found.said,
        left_out=found.left_out,
        asked=found.asked,
    )


def _head(found: Guesses, name: str) -> list[str]:
    said = [f"# Guessed: {guess}." for guess in found.said]
    return [
        "# A start, guessed from the files. Read every line; `truerisk check` says what it finds.",
        *said,
        f'name = "{name}"',
        'description = "Say what is decided."',
        "",
    ]


def _sources(found: Guesses) -> list[str]:
    one, two = found.one, found.two
    lines: list[str] = []
    if found.own:
        lines += [*_source("file", one.path, "", "", one), "", "[sources.applications]"]
        lines += [f"query = {_text(f'SELECT {found.own}* FROM file')}"]
        lines += [f"key = {_text(found.key)}", f"time = {_text(found.at)}", ""]
    else:
        lines += [*_source("applications", one.path, found.key, found.at, one), ""]
    if two is None or found.seen is None:
        k, t = quoted(found.key), quoted(found.at)
        seen = f"{t} + INTERVAL {found.horizon} DAY AS {SEEN}"
        if two is None:
            columns = ", ".join(dict.fromkeys([k, quoted(found.event.column)]))
            query = f"SELECT {columns}, {seen} FROM applications"
        else:
            theirs = quoted(found.keys[1])  # type: ignore[index]
            lines += [*_source("outcomes_file", two.path, "", "", two), ""]
            query = (
                f"SELECT o.*, a.{seen} FROM outcomes_file o JOIN applications a "
                f"ON a.{k} = o.{theirs}"
            )
        key = found.key if two is None else found.keys[1]  # type: ignore[index]
        lines += ["[sources.outcomes]", f"query = {_text(query)}"]
        return [*lines, f"key = {_text(key)}", f'time = "{SEEN}"', ""]
    return [*lines, *_source("outcomes", two.path, found.keys[1], found.seen, two), ""]  # type: ignore[index]


def _body(found: Guesses) -> list[str]:
    amount = roles.amount_of([c for c in found.one.columns if c.name in found.inputs])
    worth = f" * {quoted(amount)}" if amount else ""
    listed = "".join(f"    {_text(c)},\n" for c in found.inputs)
    return [
        "[application]",
        'source = "applications"',
        f"subject = {_text(found.subject)}",
        "",
        "[outcome]",
        'source = "outcomes"',
        f"event = {_text(found.event.sql)}",
        f"observed = {_text(found.seen or SEEN)}",
        f'horizon = "{found.horizon}d"',
        "",
        "[features]",
        *([f"# Look at {found.asked}."] if found.asked else []),
        f"columns = [\n{listed}]",
        *([f"# left out: {name}: {why}" for name, why in found.left_out.items()]),
        "",
        "[candidates.prior]",
        "[candidates.scorecard]",
        "[candidates.boosting]",
        "",
        "# Dollars: put in what a decision is worth to you.",
        "[actions.approve]",
        "reveals = true",
        f"if_event = {_text(f'-0.6{worth}')}",
        f"if_no_event = {_text(f'0.1{worth}')}",
        "[actions.decline]",
        "reveals = false",
        'if_event = "0"',
        'if_no_event = "0"',
        "",
        "[[exploration]]",
        'action = "approve"',
        "share_of_profit = 0.02",
        "",
        "# What an applicant is told where one of these is why. Use your own words, for each side",
        "# of its usual value if you like: low, high, missing, other.",
        "[reasons]",
        *(f"{_key(c)} = {_text(f'What you gave as {c}')}" for c in _factors(found, amount)),
        "",
        "[training]",
        f'window = "{found.window}d"',
        f'holdout = "{found.holdout}d"',
    ]


def _source(name: str, path: str, key: str, time: str, file: File) -> list[str]:
    lines = [f"[sources.{name}]", f"path = {_text(path)}"]
    lines += [f"key = {_text(key)}", f"time = {_text(time)}"] if key else []
    coded = [c for c in file.columns if c.codes]
    if file.rules or coded:
        lines.append(f"[sources.{name}.contract]")
        lines += [contract_line(c, rule) for c, rule in file.rules.items()]
        lines += [f"# {c.line}  # {c.coded:.1%} of rows: a code?" for c in coded]
    return lines


def _plain(text: str) -> str:
    name = re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_")
    return name if re.match(r"[a-z]", name) else f"problem_{name}".strip("_")


def _factors(found: Guesses, amount: str | None) -> list[str]:
    """What can be a reason: every input, and the column that the dollars read."""
    return list(dict.fromkeys([*found.inputs, *([amount] if amount else [])]))


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
