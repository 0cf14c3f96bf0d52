"""What texts look like when they are numbers or times in another dress, and the line that says so.

Works on the different values of a column and how often each comes; shows forms, never values:
``99/99/9999`` is digits and slashes.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from truerisk.lake.reader.cells import ISO, number_shape
from truerisk.lake.reader.guess import GUESSES
from truerisk.problem.source import Column
from truerisk.problem.time_format import DOUBTFUL, shape
from truerisk.wording.lists import one_of

MOST = 0.9  # a column is called what this share of its filled cells is
MIXED = 0.5  # of a column of which this share is numbers, somebody must say what it is
WORDS = """
    na n/a n.a. #n/a #na nan nat null none nil missing unknown unk <na> (null) (none) - -- --- ? .
    .. * not_available not_applicable #div/0! #value! #ref! #num! #name? #null! #n/v k.a. n/d n.d.
"""
NULLS = frozenset(WORDS.split()) | {"not available", "not applicable", "not known", "no data"}
MONEY = (
    r"US\$|R\$|[$€£¥₹₽₩₺₴₦฿]|USD|EUR|GBP|CHF|CZK|PLN|SEK|NOK|DKK|JPY|INR|BRL|MXN|CAD|AUD|Kč|zł|"
    r"Rs\.?|kr\.?"
)
DRESSED = re.compile(
    rf"^[+-]?\s*(?P<open>\()?\s*(?P<before>{MONEY})?\s*[+-]?"
    r"(?P<core>\d[\d.,'\u00a0\u202f ]*\d|\d|[.,]\d+)(?P<exponent>[eE][+-]?\d+)?"
    rf"(?P<after>\s*(?:%|‰|{MONEY})|\s*[^\W\d_]+\.?)?\s*\)?$"
)
DATES = (  # parted by |
    "%d/%m/%Y|%m/%d/%Y|%d.%m.%Y|%d-%m-%Y|%m-%d-%Y|%Y%m%d|%Y.%m.%d|%b-%Y|%b-%y|%b %Y|%B %Y|%m/%Y|"
    "%d-%b-%Y|%d-%b-%y|%d %b %Y|%d %B %Y|%d%b%Y|%d%b%y|%b %d, %Y|%B %d, %Y|%d/%m/%y|%m/%d/%y|"
    "%d.%m.%y|%d-%m-%y|%m-%d-%y|%y%m%d|%d%m%y|%m%d%y|%d%m%Y|%Y-%m|%Y/%m"
)
CLOCKS = "| %H:%M| %H:%M:%S| %I:%M %p| %I:%M:%S %p|:%H:%M:%S|T%H:%M:%S|%H%M%S"
TRUTHS = frozenset({"true", "false", "t", "f", "yes", "no", "y", "n"})
DIGIT, LETTER, ODD = (re.compile(p) for p in (r"\d", r"[^\W\d_]", r"[^\x20-\x7e]"))
INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})
FREQUENT, FEW, SHORT = 3, 5, 20  # a word that may be shown: it says nothing about anybody


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """How a column could be read: ``rules`` are the contract's keys, the likeliest first.

    ``read`` of ``cells`` filled cells are read by the first; ``nulls`` more are words for null.
    Where texts stand among the numbers, the only rule keeps all as texts.
    """

    kind: str
    rules: tuple[dict[str, Any], ...]
    read: int
    nulls: int
    cells: int
    usual: bool  # every number is written as one is without anything said

    @property
    def mixed(self) -> bool:
        """True for numbers with many texts among them."""
        return self.kind == "number" and self.rules[0]["type"] == "text"

    @property
    def plain(self) -> bool:
        """True for numbers that need nothing said."""
        return self.usual and not set(self.rules[0]) - {"type"}

    def line(self, column: str) -> str:
        """The contract's line, or both where the texts leave two readings open."""
        lines = [contract_line(column, rule) for rule in self.rules]
        return " or ".join(lines)


def contract_line(column: str, rule: Mapping[str, Any]) -> str:
    """``income = { type = "float", decimal = "," }``: to be pasted under the source's contract."""
    name = column if re.fullmatch(r"[A-Za-z0-9_-]+", column) else json.dumps(column)
    said = ", ".join(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in rule.items())
    return f"{name} = {{ {said} }}"


def form(text: str) -> str:
    """A text with each digit as 9 and each letter as A, cut at 24 characters."""
    found = ODD.sub("?", LETTER.sub("A", DIGIT.sub("9", text.strip())))
    return found if len(found) <= 24 else found[:23] + "~"


def propose(values: Mapping[str, int], time: bool = False) -> Proposal | None:
    """What a column of these texts (value → rows) is, and how to say so; None where it is text.

    ``time`` asks for a time only, for a column that must be one.
    """
    filled = {v.strip(): n for v, n in values.items() if v.strip()}
    words = {v: n for v, n in filled.items() if v.lower() in NULLS}
    boundless = {v: n for v, n in filled.items() if v.lower() in INFINITE}
    rest = {v: n for v, n in filled.items() if v not in words and v not in boundless}
    if not rest:
        return None
    found = (
        _time(rest)
        if time
        else _truth(rest) or _number(rest) or _time(rest) or _number(rest, MIXED)
    )
    if found is None:
        return None
    kind, rules, left = found
    mixed = sum(left.values()) > (1 - MOST) * sum(rest.values())
    if len(_frequent(left)) == len(left) and not mixed:
        words |= left
    unread = sum(n for v, n in left.items() if v not in words)
    if kind == "number":
        nan = {v for v in words if v.lower() == "nan"}
        listed = sorted(words.keys() - nan, key=lambda v: (-words[v], v))
        rules = [{**rule, "infinite": "null"} for rule in rules] if boundless else rules
        words |= boundless
    else:
        listed = sorted(words, key=lambda v: (-words[v], v))
    if listed:
        rules = [{**rule, "null_values": listed} for rule in rules]
    nulls, cells = sum(words.values()), sum(filled.values())
    if mixed:
        rules = [{"type": "text"}]
    usual = kind == "number" and all(re.match(GUESSES["DOUBLE"], v) for v in rest)
    return Proposal(
        kind=kind,
        rules=tuple(rules),
        read=cells - nulls - unread,
        nulls=nulls,
        cells=cells,
        usual=usual,
    )


def _frequent(left: Mapping[str, int]) -> dict[str, int]:
    shown = {v: n for v, n in left.items() if n >= FREQUENT and len(v) <= SHORT}
    return shown if len(shown) <= FEW else {}


def _number(
    values: Mapping[str, int], least: float = MOST
) -> tuple[str, list[dict[str, Any]], dict[str, int]] | None:
    """Numbers with the most frequent dress, in which at least this share is read."""
    dressed = {v: m for v in values if (m := DRESSED.match(v))}
    dresses: Counter[tuple[str, str]] = Counter()
    for v, m in dressed.items():
        dresses[(m["before"] or "", (m["after"] or "").strip())] += values[v]
    if not dresses:
        return None
    (before, after), _ = dresses.most_common(1)[0]
    if least < MOST and after[:1].isalpha():
        return None  # a number and a word, such as the beginning of an address
    cores = [
        m["core"]
        for m in dressed.values()
        if (m["before"] or "", (m["after"] or "").strip()) == (before, after)
    ]
    owed = any(m["open"] for m in dressed.values())  # (12) is -12
    rules = [_with_marks(rule, before, after, owed) for rule in _marks(cores)]
    best = max(rules, key=lambda rule: _read(values, rule))
    rules = [best, *(r for r in rules if r != best and _read(values, r) == _read(values, best))]
    if _read(values, best) < least * sum(values.values()):
        return None
    shape_ = re.compile(number_shape(Column(**best)))
    left = {v: n for v, n in values.items() if not shape_.match(v)}
    codes = sum(n for v, n in values.items() if re.match(r"^0\d", v) or re.match(r"^\d{19,}$", v))
    if codes and not (before or after):
        return None  # leading zeros, or more digits than a number holds: names
    if all(_is_whole(m, best) for m in dressed.values()):
        whole = [rule for rule in rules if "decimal" not in rule or rule is best]
        rules = [{**rule, "type": "integer"} for rule in whole]
    return "number", rules, left


def _truth(values: Mapping[str, int]) -> tuple[str, list[dict[str, Any]], dict[str, int]] | None:
    """Truth values, some as words and some as 0 and 1: one alone is what it looks like."""
    lower = {v.lower() for v in values}
    digits = lower & {"0", "1"}
    if not digits or lower == digits or not lower <= TRUTHS | digits:
        return None
    return "truth value", [{"type": "boolean"}], {}


def _is_whole(dressed: re.Match[str], rule: Mapping[str, Any]) -> bool:
    digits = re.sub(r"\s", "", dressed["core"]).replace(rule.get("thousands", " "), "")
    return bool(re.fullmatch(r"\d+", digits)) and not dressed["exponent"]


def _marks(cores: list[str]) -> Iterator[dict[str, Any]]:
    """What the points, commas, blanks and apostrophes inside numbers can mean."""
    used = {mark for core in cores for mark in core if not mark.isdigit()}
    blank = next((" " for mark in used if mark.isspace()), "'" if "'" in used else None)
    if blank:
        yield {"thousands": blank, **({"decimal": ","} if "," in used else {})}
    elif {",", "."} <= used:
        both = [core for core in cores if {",", "."} <= set(core)]
        ends = sum(core.rfind(",") > core.rfind(".") for core in both)
        comma = 2 * ends > len(both) if both else any(core.count(".") > 1 for core in cores)
        yield {"decimal": ",", "thousands": "."} if comma else {"thousands": ","}
    elif "," in used:
        groups = all(re.fullmatch(r"\d{1,3}(,\d{2,3})*,\d{3}|\d+", core) for core in cores)
        if groups:
            yield {"thousands": ","}
        if not groups or not any(core.count(",") > 1 for core in cores):
            yield {"decimal": ","}
    elif any(core.count(".") > 1 for core in cores):
        yield {"decimal": ",", "thousands": "."}
    else:
        yield {}


def _with_marks(marks: dict[str, Any], before: str, after: str, owed: bool) -> dict[str, Any]:
    blank = " " if after and after[0].isalpha() else ""
    bare = not (before or after or (owed and not marks))
    dress = {} if bare else {"format": f"{before}#{blank}{after}"}
    return {"type": "float", **dress, **marks}


def _read(values: Mapping[str, int], rule: Mapping[str, Any]) -> int:
    shape_ = re.compile(number_shape(Column(**rule)))
    return sum(n for v, n in values.items() if shape_.match(v))


def _time(values: Mapping[str, int]) -> tuple[str, list[dict[str, Any]], dict[str, int]] | None:
    """Every format that reads nearly all; more than one where days and months look alike."""
    total, found = sum(values.values()), []
    other = {v: n for v, n in values.items() if not re.match(ISO, v)}
    if sum(other.values()) <= (1 - MOST) * total:
        return "time", [{"type": "time"}], other
    common = sorted(values, key=lambda v: -values[v])[:20]
    for text, pattern in _formats():
        if not any(pattern.match(v) for v in common):
            continue
        years = {v: y for v in values if pattern.match(v) and (y := _year(v, text)) is not None}
        read = sum(values[v] for v in years)
        if read >= MOST * total:
            rule: dict[str, Any] = {"type": "time", "format": text}
            if "%y" in text and max(years.values()) >= DOUBTFUL:
                rule["first_year"] = 1930
            found.append((read, rule, years))
    if not found:
        return None
    most = max(read for read, _, _ in found)
    best = [(rule, years) for read, rule, years in found if read == most]
    left = {v: n for v, n in values.items() if v not in best[0][1]}
    return "time", [rule for rule, _ in best[:3]], left


@cache
def _formats() -> list[tuple[str, re.Pattern[str]]]:
    """Every format of a time that is proposed, and what a text of it looks like."""
    texts = [f"{date}{clock}" for date in DATES.split("|") for clock in CLOCKS.split("|")]
    return [(text, re.compile(shape(text))) for text in texts]


def _year(text: str, format_: str) -> int | None:
    try:
        return datetime.strptime(text, format_).year  # only whether it is a day
    except ValueError:
        return None


def forms_of(values: Mapping[str, int]) -> str:
    """The most frequent forms of texts: ``9,999.99 or AA``."""
    counts: Counter[str] = Counter()
    for value, n in values.items():
        counts[form(value)] += n
    return one_of(f for f, _ in counts.most_common(2))
