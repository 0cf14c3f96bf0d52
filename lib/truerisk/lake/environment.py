"""What ``${NAME}`` in a place or a query stands for, asked of the environment at read time only.

It may be a secret: it enters no problem, no configuration and no record, and messages show the
name in its place.
"""

import os
import re

from truerisk.errors import SourceError, keep_secret
from truerisk.problem.location import VARIABLE


def resolved(text: str, where: str, instead: str = "NAME=FILE") -> str:
    """``text`` with every ``${NAME}`` filled in.

    Raises SourceError, which begins with ``where``, for a name that is not set, and says
    what may be given ``instead``.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in os.environ:
            raise SourceError(
                f"{where} needs {found[0]}, which is not set; set {name} in the environment or "
                f"pass --source {instead}."
            )
        keep_secret(name, os.environ[name])
        return os.environ[name]

    return re.sub(VARIABLE, value, text)
