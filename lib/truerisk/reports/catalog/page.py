"""The catalogue as one page that works from disk: style, code and data are inside, no network."""

from truerisk.catalog.catalog import Catalog
from truerisk.catalog.content import content
from truerisk.reports.kit.markup import as_json, filled

TITLE = "Catalogue"


def catalog_page(catalog: Catalog) -> str:
    """A whole HTML page; equal catalogues give equal bytes."""
    data = as_json(content(catalog), ensure_ascii=False, separators=(",", ":"))
    return filled("catalog.html", title=TITLE, data=data)


def is_catalog_page(content: bytes) -> bool:
    """True for what ``catalog_page`` made."""
    return f"<title>{TITLE}</title>".encode() in content[:1000]
