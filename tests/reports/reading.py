"""What a reader sees of a page, and what a page must stand."""

import html
import re

HOSTILE = "</script><script>alert('x')</script><img src=x onerror=alert(1)>&\"'"
MISSING = re.compile(r"\b(nan|NaN|NaT|inf)\b|<NA>|\bNone\b(?! of)")


def visible(text: str) -> str:
    """A page's words, without style, scripts and tags."""
    text = re.sub(r"<(style|script)\b.*?</\1>", " ", text, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))
