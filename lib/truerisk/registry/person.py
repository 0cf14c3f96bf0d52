"""Who decides on a model: a person by name, told apart from runs and from blanks."""

import re
import unicodedata

from truerisk.errors import RegistryError

LONGEST_NAME, LONGEST_REASON = 100, 1000
RUN = re.compile(r"\w*Flow\b.*|.*/.*|[0-9a-f]{12,64}|[0-9a-f]{8}-[0-9a-f-]{27}", re.I)
# Software, accounts that many share, nobody: a name of these words alone is no person's.
WORDS = """
    account actions admin administrator agent airflow anonymous anybody anyone argo auto automatic
    automation bot bots ci cron daemon github gitlab jenkins job kubernetes me metaflow model nan
    nil no nobody none null pipeline robot root run scheduler script self server service somebody
    someone sudo svc system truerisk undefined unknown user workflow workflows
"""
NOBODY = frozenset(WORDS.split())
# Letters and marks by their category, and invisible all the same.
BLANK = set("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(c) for c in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10))
}


def person(by: str) -> str:
    """The name as it is kept; RegistryError unless a person can bear it."""
    name = _visible("--by, a person's name", by, LONGEST_NAME)
    words = re.findall(r"[^\W\d_]+", unicodedata.normalize("NFKC", name).casefold())
    if RUN.fullmatch(name) or not set(words) - NOBODY:
        raise RegistryError(f"--by is {name!r}, which is no person's name; say who decides.")
    return name


def reason(because: str) -> str:
    """The reason as it is kept; RegistryError for none."""
    return _visible("--because, a reason", because, LONGEST_REASON)


def same_person(one: str, other: str) -> bool:
    """True where two names are one, capitals, accents' spelling and spaces aside."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _visible(what: str, text: str, longest: int) -> str:
    kept = unicodedata.normalize("NFC", text).strip() if isinstance(text, str) else ""
    hidden = any(unicodedata.category(c)[0] == "C" or c in BLANK for c in kept)
    separators = any(unicodedata.category(c) in ("Zl", "Zp") for c in kept)
    if not kept:
        raise RegistryError(f"The registry keeps who decided and why; give {what}.")
    if hidden or separators:
        raise RegistryError(
            f"The registry keeps who decided and why; give {what}, in one line and without "
            "invisible characters."
        )
    if len(kept) > longest:
        raise RegistryError(f"{what.partition(',')[0]} has {len(kept):,} characters; {longest} do.")
    return kept
