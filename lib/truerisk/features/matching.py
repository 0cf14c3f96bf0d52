"""Do applications find their rows in a source? What is counted, and why a pair of keys never meets.

Ids that look alike to a person and not to a join ("7 " and "7", case, leading zeros, a number kept
as text) give null features and no error. Messages show the *forms* of ids, such as "1 capital
letter, then 6 digits", never an id.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from truerisk.errors import SourceError
from truerisk.features.engines import Engine
from truerisk.features.keys import apart
from truerisk.features.sql.names import SPINE
from truerisk.lake.duck import quote
from truerisk.lake.reader.cells import family
from truerisk.lake.sources.sources import Sources
from truerisk.wording.counted import counted

SAMPLE = 20_000  # different ids of a side that its forms are taken from
SHOWN = 3  # forms a side
SAFE = 4  # of ALIKE: changes that make no two ids one by chance
WORTH_A_LOOK = 0.05  # share of applications without a row, from which ids are compared by form
LEAST_SHOWN = 0.0005  # share that is 0.1% and not 0.0%
CLEARLY = 1.05  # times as many ids that meet
RUNS = 5  # parts of a form that are told one by one
CLASSES = ((r"[0-9]", "digit"), (r"[a-z]", "small letter"), (r"[A-Z]", "capital letter"))
# What would make two ids one, the least change first; x is the id as text.
ALIKE = {
    "without the spaces around them": "trim(x)",
    "in one case": "lower(x)",
    "without leading zeros": "ltrim(x, '0')",
    'without the ".0" at their end': r"regexp_replace(x, '\.0+$', '')",
    "by their letters and digits alone": r"lower(regexp_replace(x, '[^0-9A-Za-z]', '', 'g'))",
    "by their digits alone": "ltrim(regexp_replace(x, '[^0-9]', '', 'g'), '0')",
}


@dataclass(frozen=True, kw_only=True)
class Match:
    """How many applications have at least one row in a source, whenever it became available.

    ``alike`` says what would let clearly more of them meet, or nothing.
    """

    source: str
    by: str
    applications: int
    matched: int
    alike: str = ""

    @property
    def unmatched(self) -> float:
        """The share of applications with no row."""
        return 1 - self.matched / self.applications if self.applications else 0.0

    def __str__(self) -> str:
        share = f"{self.unmatched:.1%}" if self.unmatched >= LEAST_SHOWN else "less than 0.1%"
        have = "has" if self.applications == 1 else "have"
        return (
            f"{share} of {counted(self.applications, 'application')} {have} no row in "
            f"{self.source} by {self.by}"
            + (f"; more would meet {self.alike}" if self.alike else "")
        )


def count_latest(sources: Sources, runner: Engine) -> None:
    """Add to ``sources.matched`` what windows have not counted; ``runner`` knows the spine."""
    for latest in sources.problem.features.latest:
        pair = latest.source, latest.by
        if pair not in sources.matched:
            found = runner.run(_matched(latest.by, runner.source(latest.source, [latest.by])))
            sources.matched[pair] = found["matched"][0].as_py()


def _matched(by: str, view: str) -> str:
    k = quote(by)
    return (
        "SELECT CAST(COALESCE(SUM(__n), 0) AS BIGINT) AS matched FROM "
        f"(SELECT {k} AS __k, COUNT(*) AS __n FROM {SPINE} GROUP BY {k}) AS __s "
        f"WHERE __k IN (SELECT {k} FROM {view})"
    )


def matches(sources: Sources, applications: int) -> list[Match]:
    """What the last build counted over so many applications; SourceError where none has a row."""
    for (source, by), n in sorted(sources.matched.items()):
        if not n and not _is_empty(sources, source):
            raise SourceError(_never_meet(sources, source, by, by))
    return counts(sources, applications)


def counts(sources: Sources, applications: int) -> list[Match]:
    """The same, where it is no fault that none has a row: of a day's few there may be none.

    Nothing is said of windows over the applications: each of them is there itself.
    """
    found = []
    for (source, by), n in sorted(sources.matched.items()):
        if source == sources.problem.application.source:
            continue
        match = Match(source=source, by=by, applications=applications, matched=n)
        if match.unmatched > WORTH_A_LOOK:
            match = replace(match, alike=_more_would_meet(sources, source, by))
        found.append(match)
    return found


def together(parts: Iterable[Iterable[Match]]) -> list[Match]:
    """Counts of the shards of one batch as those of the batch."""
    found: dict[tuple[str, str], Match] = {}
    for match in (m for part in parts for m in part):
        pair = match.source, match.by
        held = found.get(pair, replace(match, applications=0, matched=0))
        found[pair] = replace(
            held,
            applications=held.applications + match.applications,
            matched=held.matched + match.matched,
            alike=held.alike or match.alike,
        )
    return list(found.values())


def unmatched(matches: Iterable[Match]) -> list[str]:
    """A sentence for each source in which some application has no row."""
    return [f"{match}." for match in matches if match.matched < match.applications]


def refuse_strangers(sources: Sources) -> None:
    """SourceError for two keys of different kinds, and for outcomes that are nobody's.

    A text never equals a number, whatever it looks like: the join of one engine reads "007" as 7,
    that of another does not.
    """
    problem = sources.problem
    features, application = problem.features, problem.application.source
    joined = [(f.source, f.by, f.by) for f in features.latest]
    joined += [(f.source, f.by, f.by) for f in features.window]
    outcome = problem.outcome.source
    joined.append((outcome, problem.key, problem.sources[outcome].key))
    if _is_empty(sources, outcome):
        raise SourceError(
            f"{sources.where(outcome)} is empty, so nothing is known of any application."
        )
    ours = sources.columns(application)
    for name, left, right in dict.fromkeys(joined):
        theirs = sources.columns(name)
        if left in ours and right in theirs and apart(ours[left], theirs[right]):
            raise SourceError(_never_meet(sources, name, left, right))
    if name != application:
        with_outcome = sources.con.sql(
            f"SELECT count(*) FROM (SELECT __key FROM {sources.view(application)}) "
            f"WHERE __key IN (SELECT __key FROM {sources.view(name)})"
        ).fetchall()[0][0]
        if not with_outcome:
            raise SourceError(_never_meet(sources, outcome, left, right))


def _is_empty(sources: Sources, name: str) -> bool:
    """A day's file may hold a header alone: that is no fault of its keys."""
    return not sources.con.sql(f"SELECT 1 FROM {sources.view(name)} LIMIT 1").fetchall()


def _never_meet(sources: Sources, name: str, ours: str, theirs: str) -> str:
    """Why no application finds a row: forms of both sides, and what would make them meet.

    ``ours`` is the column of the applications, ``theirs`` that of source ``name``.
    """
    problem = sources.problem
    application = problem.application.source
    left, right = _ids(sources, application, ours), _ids(sources, name, theirs)
    kinds = [family(sources.columns(s)[c]) for s, c in ((application, ours), (name, theirs))]
    one, other = [f"{kind}, " for kind in kinds] if kinds[0] != kinds[1] else ["", ""]
    said = (
        f'{problem.where}: source "{name}": its "{theirs}" meets no "{ours}" of {application}: '
        f"{other}{_forms(sources, right)} here, {one}{_forms(sources, left)} there; "
    )
    way = _alike(sources, left, right)
    if way is None:
        return said + "name a column that holds the same ids."
    words, sql = way
    made = sql.replace("(x", f"({quote(theirs)}")
    return said + (
        f"they meet {words}: read both through SELECT * REPLACE ({made} AS {quote(theirs)}) "
        f"FROM {name}_file."
    )


def form(value: str) -> str:
    """``capital letter + 6 digits``: what an id looks like, without saying it."""
    if not value:
        return "empty text"
    runs = [(kind, len(list(part))) for kind, part in groupby(value, _kind)]
    if len(runs) > RUNS:
        kinds = sorted({kind for kind, _ in runs})
        return f"{len(value)} characters of {', '.join(kinds)}"
    return " + ".join(kind if n == 1 else f"{n} {kind}s" for kind, n in runs)


def _kind(character: str) -> str:
    if character.isspace():
        return "space"
    found = next((kind for shape, kind in CLASSES if re.fullmatch(shape, character)), None)
    return found or ("other letter" if character.isalnum() else "mark")


def _ids(sources: Sources, name: str, column: str) -> str:
    """A query of the different ids of a source's column as text ``x``."""
    view = sources.view(name, [column])
    c = quote(column)
    return f"SELECT DISTINCT CAST({c} AS VARCHAR) AS x FROM {view} WHERE {c} IS NOT NULL"


def _forms(sources: Sources, ids: str) -> str:
    """The most frequent forms of a sample of ids."""
    counted: dict[str, int] = {}
    sample = f"{ids} ORDER BY hash(x) LIMIT {SAMPLE}"
    for (value,) in sources.con.sql(sample).fetchall():
        shape = form(value)
        counted[shape] = counted.get(shape, 0) + 1
    shown = sorted(counted, key=lambda shape: (-counted[shape], shape))[:SHOWN]
    return " or ".join(f"“{shape}”" for shape in shown) or "always null"


def _alike(sources: Sources, left: str, right: str) -> tuple[str, str] | None:
    """The least change of both sides after which most ids meet; None where none helps."""
    found = _meeting(sources, left, right, list(ALIKE.values()))
    most = max(found)
    return None if not most else list(ALIKE.items())[found.index(most)]


def _more_would_meet(sources: Sources, name: str, by: str) -> str:
    """The same for a pair that meets in part, among changes that join nobody by chance."""
    left, right = _ids(sources, sources.problem.application.source, by), _ids(sources, name, by)
    now, *found = _meeting(sources, left, right, ["x", *list(ALIKE.values())[:SAFE]])
    most = max(found)
    return list(ALIKE)[found.index(most)] if most > CLEARLY * now else ""


def _meeting(sources: Sources, left: str, right: str, changes: list[str]) -> list[int]:
    """How many ids of the left side meet one of the right after each change."""
    counts = ", ".join(
        f"(SELECT count(*) FROM (SELECT {sql} AS v FROM l) "
        f"WHERE v <> '' AND v IN (SELECT {sql} FROM r))"
        for sql in changes
    )
    query = f"WITH l AS ({left}), r AS ({right}) SELECT {counts}"
    return list(sources.con.sql(query).fetchall()[0])
