"""The catalogue at a terminal: an overview, an answer to a search, one thing in full."""

from collections import Counter
from difflib import get_close_matches

from rich.console import Console
from rich.text import Text

from truerisk.catalog.catalog import Catalog
from truerisk.catalog.entries import FeatureEntry, SourceEntry
from truerisk.catalog.search import documents, freshness, nearest, search
from truerisk.errors import TrueriskError
from truerisk.wording.counted import counted
from truerisk.wording.lists import one_of
from truerisk.wording.table import facts, show, table

HITS = 20  # that a search prints
BAD = {"stale", "missing", "damaged", "empty", "without times"}


def overview(out: Console, catalog: Catalog) -> None:
    """Sources with their state, features and models by problem, and what needs a look."""
    for trouble in catalog.troubles:
        out.print(Text(trouble, style="red"))
    rows: list[list[str | Text]] = []
    for s in catalog.source_entries:
        own = [c for c in catalog.column_entries if (c.problem, c.source) == (s.problem, s.name)]
        unused = sum(not c.used for c in own)
        rows.append(
            [
                f"{s.problem}.{s.name}",
                s.owner or "–",
                "–" if s.rows is None else f"{s.rows:,}",
                Text(freshness(s), style="red" if s.status in BAD else ""),
                f"{len(own):,}" if own else "–",
                f"{unused:,}" if unused else "",
            ]
        )
    heads = ["Source", "Owner", "Rows", "State", "Columns", "Unused"]
    show(out, table(heads, rows, right={"Rows", "Columns", "Unused"}))
    missing = dict.fromkeys(s.trouble for s in catalog.source_entries if s.trouble)
    for trouble in missing:
        out.print(Text(f"missing: {trouble}"))
    rows = []
    for p in catalog.problems:
        models = [m for m in catalog.model_entries if m.problem == p.name]
        champion = next((m for m in models if m.status == "champion"), None)
        decided = sum(n for m in models for n in m.decisions.values())
        rows.append(
            [
                p.name,
                f"{sum(f.problem == p.name for f in catalog.feature_entries):,}",
                f"{len(models):,}",
                f"{champion.version} ({champion.candidate})" if champion else "–",
                f"{decided:,}",
            ]
        )
    out.print()
    heads = ["Problem", "Features", "Models", "Champion", "Decisions"]
    show(out, table(heads, rows, right={"Features", "Models", "Decisions"}))
    out.print(Text("\n" + "; ".join(_counts(catalog)) + "."))


def found(out: Console, catalog: Catalog, words: str) -> None:
    """What a search found, or the nearest names there are."""
    hits = search(catalog, words)
    if not hits:
        near = nearest(catalog, words)
        like = f" The nearest names are {', '.join(near)}." if near else ""
        out.print(Text(f'No: nothing in the catalogue is about "{words}".{like}'))
        return
    first = [hit.document for hit in hits[:HITS]]
    rows = [[d.kind, d.name, d.where, d.state or "–", d.users] for d in first]
    kinds = Counter(hit.document.kind for hit in hits)
    said = ", ".join(counted(n, kind) for kind, n in kinds.items())
    out.print(Text(f'"{words}": {said}.'))
    show(out, table(("What", "Name", "Where", "State", "Used by"), rows))
    if len(hits) > HITS:
        out.print(Text(f"and {len(hits) - HITS:,} more; the page has them all."))


def one(out: Console, catalog: Catalog, kind: str, name: str) -> None:
    """Everything about one source or feature, named as ``problem.name`` or by its name."""
    entries = catalog.source_entries if kind == "source" else catalog.feature_entries
    fit = [e for e in entries if name in (e.name, f"{e.problem}.{e.name}")]
    if not fit:
        close = get_close_matches(name, {e.name for e in entries}, n=3, cutoff=0.6)
        like = f"did you mean {one_of(close)}?" if close else "--search finds what there is."
        raise TrueriskError(f'There is no {kind} "{name}"; {like}')
    for i, entry in enumerate(fit):
        if i:
            out.print()
        if isinstance(entry, SourceEntry):
            _source(out, catalog, entry)
        else:
            _feature(out, catalog, entry)


def _source(out: Console, catalog: Catalog, s: SourceEntry) -> None:
    span = f"{s.oldest:%Y-%m-%d} to {s.newest:%Y-%m-%d %H:%M} UTC" if s.newest else ""
    known = {
        "owner": s.owner,
        "lies in": f"{s.place} {s.version}",
        "used as": ", ".join(s.roles),
        "rows": "" if s.rows is None else f"{s.rows:,}",
        "event times": span,
        "state": freshness(s),
        "available": s.available,
        "put aside": counted(s.quarantined, "row") if s.quarantined else "",
        "seen": s.seen,
        "trouble": s.trouble,
    }
    _head(out, f"source {s.problem}.{s.name}", s.description, known)
    rows = []
    users = _users(catalog)
    for c in catalog.column_entries:
        if (c.problem, c.source) == (s.problem, s.name):
            nulls = "–" if c.nulls is None else f"{c.nulls:.1%}"
            rows.append([c.name, c.type or "–", nulls, c.contract, users[c.id]])
    show(out, table(("Column", "Type", "Nulls", "Contract", "Used by"), rows, right={"Nulls"}))
    for change in s.changes[:HITS]:
        about = f"{change.column}: " if change.column else ""
        file = change.file.rsplit("/", 1)[-1]
        out.print(Text(f"{change.at}  {about}{change.sentence} ({file})"))


def _feature(out: Console, catalog: Catalog, f: FeatureEntry) -> None:
    filled = "not known" if f.coverage is None else f"{f.coverage:.1%} of {f.covered}"
    columns = [n.partition("/")[2] for n in catalog.upstream(f.id) if n.startswith("column/")]
    known = {
        "definition": f"version {f.version}, {f.hash}",
        "filled": filled,
        "comes from": ", ".join(columns),
        "trouble": f.trouble,
    }
    only = "" if f.in_file else " Only a model still knows it: the problem file does not."
    words = f"{f.words[0].upper()}{f.words[1:]}.{only}"
    _head(out, f"feature {f.problem}.{f.name}", words, known)
    for line in f.toml.splitlines():
        out.print(Text(f"  {line}"))
    rows = []
    for m in catalog.model_entries:
        for i in m.inputs if m.problem == f.problem else []:
            if i.feature == f.name:
                rank = f"{i.rank} of {len(m.inputs)}" if i.rank else "no weight"
                weight = "–" if i.importance is None else f"{i.importance:.3g}"
                current = "as in the problem file" if i.current else "an earlier one"
                rows.append([m.version, m.status, rank, weight, current])
    if rows:
        heads = ["Model", "State", "Importance", "Weight", "Definition"]
        show(out, table(heads, rows, right={"Weight"}))


def _counts(catalog: Catalog) -> list[str]:
    """What needs a look, in words."""
    sources = catalog.source_entries
    states = Counter(s.status for s in sources)
    changed = sum(bool(s.changes) for s in sources)
    unused = sum(not c.used for c in catalog.column_entries)
    found = [
        (states["stale"], "stale source"),
        (states["missing"], "missing source"),
        (states["damaged"], "damaged source"),
        (changed, "source with changes"),
        (unused, "column nobody uses"),
    ]
    plural = {
        "source with changes": "sources with changes",
        "column nobody uses": "columns nobody uses",
    }
    return [counted(n, what, plural.get(what, "")) for n, what in found]


def _users(catalog: Catalog) -> dict[str, str]:
    return {d.id: d.users for d in documents(catalog)}


def _head(out: Console, title: str, words: str, known: dict[str, str]) -> None:
    """The title, what it is in words, and the facts that are known."""
    out.print(Text(title, style="bold"))
    if words:
        out.print(Text(words))
    show(out, facts({name: fact for name, fact in known.items() if fact}))
