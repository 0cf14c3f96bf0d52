"""Templates filled in: what a template is given stays text, unless a template made it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

TEMPLATES = Path(__file__).parents[1] / "templates"


def filled(template: str, **values: Any) -> str:
    """A whole page; equal values give equal bytes."""
    return _environment().get_template(template).render(values) + "\n"


def drawn(macro: str, block: object) -> Markup:
    """A block as its macro in ``blocks.html`` draws it."""
    return Markup(getattr(_environment().get_template("blocks.html").module, macro)(block))


def as_json(value: Any, **how: Any) -> Markup:
    """JSON that no script element can be left from; ``how`` as ``json.dumps`` takes it."""
    return htmlsafe_json_dumps(value, json.dumps, allow_nan=False, **how)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
