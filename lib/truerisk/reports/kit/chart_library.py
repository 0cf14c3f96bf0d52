"""The code that draws a page's charts: Vega, Vega-Lite and Vega-Embed, bundled once a version."""

import hashlib
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

import altair as alt
from markupsafe import Markup

from truerisk.errors import LakeError
from truerisk.lake import objects
from truerisk.lake.home import kept

EXPORTED = "window.vegaEmbed = vegaEmbed;"


@cache
def chart_library() -> Markup:
    """The bundle of the versions that this Altair writes for, as a script element may hold it.

    Bundling takes 2 seconds of a JavaScript engine, so its result is kept beside the runs. A file
    of other versions, or of which a byte was lost, is not this one's, and is made again; where
    nothing can be written it is made every time.
    """
    wanted = ".".join(alt.SCHEMA_VERSION.split(".")[:2])
    maker = version("vl-convert-python")
    path = kept() / f"charts-{wanted}-{maker}.js"
    bundle = _read(path)
    if bundle is None:
        import vl_convert

        bundle = str(vl_convert.javascript_bundle(EXPORTED, wanted))
        with suppress(LakeError):
            content = bundle.encode()
            objects.write_bytes(str(path), b"\n".join([_digest(content), content]))
    return Markup(bundle.replace("</script", r"<\/script"))


def _read(path: Path) -> str | None:
    """What was kept, or None where it is not what was written."""
    try:
        digest, _, bundle = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return bundle.decode() if digest == _digest(bundle) else None


def _digest(bundle: bytes) -> bytes:
    return hashlib.sha256(bundle).hexdigest().encode()
