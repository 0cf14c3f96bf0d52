"""Where a lake or a file may lie: on a local disk, or on S3 as ``s3://bucket/key``."""

import re

S3 = "s3://"
VARIABLE = r"\$\{(\w+)\}"  # a part of a place that the environment says when it is read
SCHEME = re.compile(r"^\s*([A-Za-z][A-Za-z0-9+.\-]+):/")  # one letter and a colon are a drive


def on_s3(place: str) -> bool:
    """True for ``s3://bucket…``, False for a local path.

    Raises ValueError, which goes on after the place, for anything else: taken for a local folder,
    ``gs://…`` would keep decisions on a machine that nobody meant.
    """
    bucket = place.removeprefix(S3).partition("/")[0]
    if place.startswith(S3) and bucket:
        return True
    scheme = SCHEME.match(place)
    if place.startswith(S3) or (scheme and scheme[1].lower() == "s3"):
        raise ValueError("names no bucket; write s3://BUCKET/PATH")
    if scheme:
        raise ValueError(
            f"begins with {scheme[1]}:/, where truerisk cannot read; give a local path or "
            "s3://BUCKET/PATH"
        )
    return False
