"""Everything that truerisk raises on purpose; each message is one sentence a user can act on.

TrueriskError
├── ProblemError     the problem file: file, path in it, what came, what is allowed
├── SourceError      the data of a source: source, column, rows
├── LakeError        a lake that cannot be opened, read or written
│   ├── DamagedError a table whose files do not say what they must
│   └── SeatError    a batch whose seats another one claimed first: it is priced again
├── ModelError       a model package that is missing, changed or of another format
├── LogError         a decision log that cannot be measured
└── RegistryError    a registry event that is not allowed in the present state

Whatever it is made of, a message is one line: no control character, no backtrace, and no value of a
secret; it has at most 400 characters. What other software says enters it through ``told`` only.
"""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 400  # characters of a message
QUOTED = 160  # of them what other software may say
SHORTEST_SECRET = 4  # a shorter text is everywhere, and no secret
# The first package of an outside error's module, and how the software is called.
OUTSIDE = {
    "duckdb": "DuckDB",
    "_duckdb": "DuckDB",
    "deltalake": "Delta Lake",
    "_internal": "Delta Lake",
    "pyo3_runtime": "Delta Lake",
    "sqlite3": "SQLite",
    "boto3": "S3",
    "botocore": "S3",
    "s3transfer": "S3",
    "pydantic": "pydantic",
    "pydantic_core": "pydantic",
    "catboost": "CatBoost",
    "_catboost": "CatBoost",
    "pyarrow": "Arrow",
    "sqlglot": "sqlglot",
    "tomllib": "TOML",
    "py4j": "Spark",
    "pyspark": "Spark",
}
# Errors that speak of a file, a name or the syntax; any other may quote a row.
WITHOUT_DATA = {
    "BinderException",
    "CatalogException",
    "ClientError",
    "HTTPException",
    "IOException",
    "JSONDecodeError",
    "ParserException",
    "TOMLDecodeError",
    "UnicodeDecodeError",
}
BACKTRACE = re.compile(
    r"\n\s*(?:\d+: |stack backtrace|at /)|Traceback \(most recent|Stack backtrace"
)
PASSWORD = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")  # of a place such as x://name:password@host
ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")
PLACE_IN_CODE = re.compile(r"^\S+\.(?:cpp|h|rs|cc):\d+:\s*")
VALUE = re.compile(r"'[^']*'|\"[^\"]*\"|(?<![\w(,.])-?\d[\d.,:eE+-]*(?![\w)])")

_secrets: dict[str, str] = {}


def keep_secret(name: str, value: str) -> None:
    """From now on no message shows ``value``, which ``${name}`` stands for."""
    if len(value) >= SHORTEST_SECRET:
        _secrets[value] = f"${{{name}}}"


def masked(text: str) -> str:
    """``text`` with the names of secrets in place of their values."""
    for value in sorted(_secrets, key=len, reverse=True):
        text = text.replace(value, _secrets[value])
    return text


class TrueriskError(Exception):
    """Base of all errors whose message is meant for the user (exit code 2, no traceback)."""

    def __init__(self, message: object = "") -> None:
        super().__init__(shortened(one_line(str(message)), LONGEST))


class ProblemError(TrueriskError):
    """The problem file asks for something that does not exist."""


class SourceError(TrueriskError):
    """A source does not hold what the problem file says it holds."""


class LakeError(TrueriskError):
    """The lake cannot be opened, read or written."""


class DamagedError(LakeError):
    """A table of the lake is damaged; what it holds can only come from a copy."""


class SeatError(LakeError):
    """Another batch claimed seats that this one was priced with."""


class ModelError(TrueriskError):
    """A model package is missing, was changed, or has another format."""


class LogError(TrueriskError):
    """A decision log lacks what an unbiased estimate needs."""


class RegistryError(TrueriskError):
    """The registry's state does not allow this event."""


class FlowFailedError(Exception):
    """A flow died of something unforeseen (exit code 1); its log holds all that it printed."""


def one_line(text: str) -> str:
    """``text`` without backtrace, colours, line breaks, invisible characters and secrets."""
    text = ANSI.sub("", BACKTRACE.split(text, maxsplit=1)[0])
    shown = (" " if _invisible(c) else c for c in text)
    return masked(PASSWORD.sub(r"\1:…@", " ".join("".join(shown).split())))


def _invisible(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def shortened(text: str, longest: int) -> str:
    """At most ``longest`` characters: what is too much is cut out between place and advice."""
    if len(text) <= longest:
        return text
    last = longest * 2 // 5
    return f"{text[: longest - last - 3].rstrip()} … {text[-last:].lstrip()}"[:longest]


def told(error: BaseException) -> str:
    """What an outside error says, in a few words to stand in a message; no value of any row."""
    if isinstance(error, TrueriskError):
        return str(error).rstrip(".")
    if isinstance(error, OSError) and error.strerror and _software(error) is None:
        return error.strerror
    if callable(getattr(error, "errors", None)):  # pydantic, whose text holds the whole input
        first = error.errors()[0]  # type: ignore[attr-defined]
        text = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        return shortened(one_line(text), QUOTED)
    text = BACKTRACE.split(str(error).strip(), maxsplit=1)[0]
    text = PLACE_IN_CODE.sub("", next((t for t in text.splitlines() if t.strip()), ""))
    if _may_quote(error):
        text = VALUE.sub("…", text)
    return shortened(one_line(text).rstrip(".") or type(error).__name__, QUOTED)


def _may_quote(error: BaseException) -> bool:
    if {kind.__name__ for kind in type(error).__mro__} & WITHOUT_DATA:
        return False
    if _software(error) == "CatBoost":  # which quotes its parameters too
        return "onvert" in str(error)
    return _software(error) in ("DuckDB", "Arrow") or isinstance(error, ValueError)


def _software(error: BaseException) -> str | None:
    """How the software is called that raised, None for Python's own and our errors."""
    modules = [kind.__module__.partition(".")[0] for kind in type(error).__mro__]
    return next((OUTSIDE[m] for m in modules if m in OUTSIDE), None)


def from_outside(error: BaseException) -> TrueriskError | None:
    """An outside error that reached nobody who knew its place, as one sentence; None for a bug."""
    software = _software(error)
    if isinstance(error, BrokenPipeError):  # whoever read the output has enough of it
        return None
    if software is None and isinstance(error, OSError):
        software = "The operating system"
    if software is None and isinstance(error, MemoryError):
        return TrueriskError("There is not enough memory; give the machine more, or fewer rows.")
    if software is None:
        return None
    file = getattr(error, "filename", None)
    named = f"{file}: " if isinstance(file, str) else ""
    return TrueriskError(
        f"{software} refused ({named}{told(error)}); mend the cause and run the command again."
    )


@contextmanager
def outside() -> Iterator[None]:
    """Every outside error within becomes a TrueriskError; Rust's panics are no Exception.

    The cause is not chained: it may quote a row or a secret, and tracebacks are kept.
    """
    try:
        yield
    except BaseException as error:
        sentence = None if isinstance(error, TrueriskError) else from_outside(error)
        if sentence is None:
            raise
        raise sentence from None
