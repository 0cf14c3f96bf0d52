"""The catalogue as one page that works from disk: style, code and data are inside, no network."""

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from truerisk.catalog.catalog import Catalog
from truerisk.catalog.search import documents, freshness
from truerisk.wording.counted import counted

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
TITLE = "Catalogue"


def catalog_page(catalog: Catalog) -> str:
    """A whole HTML page; equal catalogues give equal bytes."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{TITLE}</title><style>{_part('page.css')}</style></head>\n<body>"
        '<header><div class="bar"><a class="home" href="#">Catalogue</a>'
        '<label class="find"><span class="hidden">Search the catalogue</span>'
        '<input id="search" type="search" autocomplete="off" spellcheck="false" '
        'placeholder="Do we have …?"></label></div></header>'
        '<main><div id="list" aria-live="polite"></div><aside id="detail" tabindex="-1"></aside>'
        "</main><noscript><p>This page needs JavaScript to show the catalogue; "
        "<code>truerisk catalog --json</code> has the same content.</p></noscript>\n"
        f'<script type="application/json" id="data">{_json(content(catalog))}</script>\n'
        f"<script>{_part('page.js')}</script></body></html>\n"
    )


def content(catalog: Catalog) -> dict[str, Any]:
    """All that the page shows, as plain values; also what ``--json`` prints."""
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


def _json(value: Any) -> str:
    """JSON that no script element can be left from."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


@cache
def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
