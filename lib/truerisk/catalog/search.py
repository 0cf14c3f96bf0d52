"""Search: "do we have …?" over everything the catalogue knows, typos forgiven.

A hit has all the words. A word is found whole, as the beginning or a part of another, or, where
nothing has it, with a typing error; names count most, then tags, then descriptions. The page
searches the same documents in the same way.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from truerisk.catalog.catalog import Catalog
from truerisk.wording.counted import counted

WORD = re.compile(r"[^\W_]+")
WEIGHTS = (6.0, 3.0, 1.0)  # name, tags, text
KINDS = {"source": 1.2, "feature": 1.1, "column": 1.05, "model": 1.0}
WHOLE = 3.0
SURE = 4  # letters that a word needs before a typing error is forgiven; twice that: two errors


@dataclass(frozen=True, kw_only=True)
class Document:
    """One thing that can be found. ``about`` is shown; ``state`` is its freshness or coverage."""

    id: str
    kind: str
    name: str
    where: str
    state: str
    users: str
    tags: str
    text: str


@dataclass(frozen=True)
class Hit:
    document: Document
    score: float


def search(catalog: Catalog, words: str) -> list[Hit]:
    """The things that have all of ``words``, the best first."""
    listed = list(documents(catalog))
    fields = [[_words(part) for part in (d.name, d.tags, d.text)] for d in listed]
    scores = [KINDS[d.kind] for d in listed]
    for word in dict.fromkeys(_words(words)):
        found = [_match(word, part) for part in fields]
        if not any(found):
            found = [_nearly(word, part) for part in fields]
        scores = [score * one for score, one in zip(scores, found)]
    asked = set(_words(words))  # a name that is all asked for comes first
    scores = [s * WHOLE if set(f[0]) <= asked else s for s, f in zip(scores, fields)]
    hits = [Hit(d, score) for d, score in zip(listed, scores) if score and words.strip()]
    return sorted(hits, key=lambda h: (-h.score, h.document.id))


def nearest(catalog: Catalog, words: str) -> list[str]:
    """Names that look like what was asked for, for an answer that is no."""
    names = {d.name for d in documents(catalog)}
    parts = {word: name for name in sorted(names, reverse=True) for word in _words(name)}
    found = get_close_matches(words.lower().replace(" ", "_"), names, n=5, cutoff=0.5)
    for word in _words(words):
        found += [parts[p] for p in get_close_matches(word, parts, n=3, cutoff=0.6)]
    return list(dict.fromkeys(found))[:5]


def documents(catalog: Catalog) -> Iterator[Document]:
    """Everything that can be found, with what an answer says about it."""
    sources = {(s.problem, s.name): s for s in catalog.source_entries}
    fed = {(e.up, e.down) for e in catalog.edges if e.down.startswith("feature/")}
    reads = Counter(up for up, _ in fed)
    used = Counter(e.up for e in catalog.edges if e.down.startswith("model/"))
    champions = {
        (m.problem, i.feature) for m in catalog.model_entries if m.status == "champion"
        for i in m.inputs
    }  # fmt: skip
    for s in catalog.source_entries:
        yield Document(
            id=s.id,
            kind="source",
            name=s.name,
            where=f"{s.problem}: {s.place}",
            state=freshness(s),
            users=", ".join(s.roles),
            tags=f"{s.problem} {s.owner} {' '.join(s.roles)} {s.place}",
            text=f"{s.description} {s.query}",
        )
    uses: dict[str, set[str]] = {}
    for edge in catalog.edges:
        if not edge.down.startswith(("feature/", "model/", "decisions/")):
            uses.setdefault(edge.up, set()).add(edge.how.replace("_", " "))
    for c in catalog.column_entries:
        s, n = sources[c.problem, c.source], reads[c.id]
        features = [counted(n, "feature")] if n else []
        users = ", ".join(features + sorted(uses.get(c.id, ()))) if c.used else "nobody"
        state = "" if c.nulls is None else f"{_share(1 - c.nulls)} filled"
        yield Document(
            id=c.id,
            kind="column",
            name=c.name,
            where=f"{c.problem}.{c.source}",
            state=state or freshness(s),
            users=users,
            tags=f"{c.problem} {c.source} {s.owner}",
            text=f"{c.type} {c.contract} {s.description}",
        )
    for f in catalog.feature_entries:
        n = used[f.id]
        users = counted(n, "model") if n else "no model yet"
        users += ", the champion too" if (f.problem, f.name) in champions and n > 1 else ""
        owners = {
            sources[f.problem, name].owner for name in f.sources if (f.problem, name) in sources
        }
        yield Document(
            id=f.id,
            kind="feature",
            name=f.name,
            where=f"{f.problem} ({f.kind})",
            state="" if f.coverage is None else f"{_share(f.coverage)} filled",
            users=users,
            tags=f"{f.problem} {' '.join(f.sources)} {' '.join(owners)} {f.kind}",
            text=f"{f.words} {f.toml}",
        )
    for m in catalog.model_entries:
        decided = sum(m.decisions.values())
        yield Document(
            id=m.id,
            kind="model",
            name=m.version,
            where=f"{m.problem} ({m.candidate})",
            state=m.status,
            users=counted(decided, "decision") if decided else "no decision",
            tags=f"{m.problem} {m.candidate} {m.status}",
            text=m.last,
        )


def freshness(source) -> str:  # type: ignore[no-untyped-def]
    """A source's state in few words: ``stale: 12 days old, allowed 1``."""
    if source.trouble:
        return source.status
    if source.behind is None:
        return source.status
    age = age_of(source.behind)
    if source.limit is None:
        return f"{age} old"
    return f"{source.status}: {age} old, limit {age_of(source.limit)}"


def age_of(seconds: float) -> str:
    """3 hours, 12 days; a time ahead is said as such."""
    if seconds < 0:
        return f"{age_of(-seconds)} ahead, not"
    hours = seconds / 3600
    if hours < 1:
        return "under an hour"
    count, unit = (hours, "hour") if hours < 48 and hours % 24 else (hours / 24, "day")
    return counted(count, unit)


def _share(value: float) -> str:
    return f"{100 * value:.0f}%" if value in (0, 1) or value < 0.995 else f"{100 * value:.1f}%"


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def _match(word: str, fields: Sequence[list[str]]) -> float:
    """The best of: the whole word, its beginning, a part of another word."""
    best = 0.0
    for weight, words in zip(WEIGHTS, fields):
        for other in words:
            if word in other:
                how = 1.0 if word == other else 0.7 if other.startswith(word) else 0.4
                best = max(best, weight * how)
    return best


def _nearly(word: str, fields: Sequence[list[str]]) -> float:
    allowed = min(len(word) // SURE, 2)
    best = 0.0
    for weight, words in zip(WEIGHTS, fields):
        for other in words:
            if allowed and abs(len(other) - len(word)) <= allowed:
                errors = distance(word, other)
                if errors <= allowed:
                    best = max(best, weight * 0.5 / errors if errors else weight)
    return best


def distance(a: str, b: str) -> int:
    """Typing errors between two words: a letter more, less, another, or two swapped."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        above, before, row = before, row, [i]
        for j, y in enumerate(b, start=1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y)))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                row[j] = min(row[j], above[j - 2] + 1)
    return row[-1]
