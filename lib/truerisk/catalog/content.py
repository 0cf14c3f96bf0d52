"""The catalogue as plain values: what its page shows and ``--json`` prints."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from truerisk.catalog.catalog import Catalog
from truerisk.catalog.search import documents, freshness
from truerisk.wording.counted import counted


def content(catalog: Catalog) -> dict[str, Any]:
    """Entries, edges and what is searched; times are text in UTC, and what is empty is left out."""
    return {
        "as_of": f"{catalog.as_of:%Y-%m-%d %H:%M}",
        "lake": catalog.root,
        "lead": _lead(catalog),
        "problems": [
            {"name": p.name, "description": p.description, "file": p.where}
            for p in catalog.problems
        ],
        "troubles": catalog.troubles,
        "sources": [
            _plain(asdict(s)) | {"freshness": freshness(s)} for s in catalog.source_entries
        ],
        "columns": [_plain(asdict(c)) for c in catalog.column_entries],
        "features": [_plain(asdict(f)) for f in catalog.feature_entries],
        "models": [
            _plain({k: v for k, v in asdict(m).items() if k != "definition"})
            for m in catalog.model_entries
        ],
        "lineage": [[e.up, e.down, e.how] for e in catalog.edges],
        "documents": [asdict(d) for d in documents(catalog)],
    }


def _lead(catalog: Catalog) -> str:
    counts = [
        (len(catalog.problems), "problem"),
        (len(catalog.source_entries), "source"),
        (len(catalog.column_entries), "column"),
        (len(catalog.feature_entries), "feature"),
        (len(catalog.model_entries), "model"),
    ]
    said = ", ".join(counted(n, what) for n, what in counts)
    return f"{said} in {catalog.root}, as of {catalog.as_of:%Y-%m-%d %H:%M} UTC"


def _plain(about: dict[str, Any]) -> dict[str, Any]:
    """Times as text; what is empty or unknown is left out."""
    return {
        k: f"{v:%Y-%m-%d %H:%M}" if isinstance(v, pd.Timestamp) else v
        for k, v in about.items()
        if v is not None and v != "" and v != []
    }
