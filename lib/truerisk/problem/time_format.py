"""How a time is written, in strptime's words: what such a text looks like, exactly.

The databases' own strptime is lenient (``%Y`` reads the year 24 from ``24``, ``%Y%m%d`` a day from
half a date), so a text must match the shape as a whole before it is read.
"""

import re

from truerisk.wording.lists import one_of

EPOCHS = {"epoch": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000}  # units in a second
DIGITS = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "j": 3}
SHAPES = {
    "b": r"[A-Za-z]{3}",
    "B": r"[A-Za-z]{3,9}",
    "a": r"[A-Za-z]{3}",
    "A": r"[A-Za-z]{6,9}",
    "p": r"[AaPp][Mm]",
    "f": r"\d{1,9}",
    "z": r"(?:Z|[+-]\d{2}(?::?\d{2})?)",
    "%": "%",
}
PIVOT = 1969  # POSIX: two digits mean 1969 to 2068
DOUBTFUL = 2036  # a two-digit year that would be read as this or later asks for first_year


def check_time_format(text: str, first_year: int | None = None) -> None:
    """ValueError for a format that names no day or that strptime does not know."""
    if text in EPOCHS:
        return
    known = {*DIGITS, *SHAPES}
    used = re.findall(r"%(.?)", text)
    for letter in used:
        if letter not in known:
            raise ValueError(
                f"has format {text!r}, and %{letter} is not known; known are "
                f"{one_of(f'%{k}' for k in known)}, or {one_of(EPOCHS)}"
            )
    repeated = next((k for k in used if used.count(k) > 1 and k != "%"), None)
    if repeated:
        raise ValueError(f"has format {text!r} with %{repeated} twice")
    if not {"Y", "y"} & set(used):
        raise ValueError(
            f"has format {text!r}, which names no year; write for instance '%d/%m/%Y', '%y%m%d', "
            f"'%b-%Y', or {one_of(EPOCHS)}"
        )


def shape(text: str) -> str:
    """A regular expression that a text of this format matches as a whole (RE2 and Python).

    Digits that stand side by side are all there; others may leave out a leading zero.
    """
    parts = re.findall(r"%.|[^%]", text)
    found = []
    for i, part in enumerate(parts):
        if not part.startswith("%") or len(part) == 1:
            found.append(r"\s+" if part.isspace() else re.escape(part))
            continue
        letter = part[1]
        if letter not in DIGITS:
            found.append(SHAPES[letter])
            continue
        beside = [parts[j][1:] for j in (i - 1, i + 1) if 0 <= j < len(parts)]
        full = letter in "Yy" or any(b in DIGITS for b in beside if b)
        width = DIGITS[letter]
        found.append(rf"\d{{{width}}}" if full else rf"\d{{1,{width}}}")
    return "^" + "".join(found) + "$"


def width(text: str) -> int | None:
    """The digits of a format that is nothing else, such as ``%y%m%d``; None for any other."""
    letters = re.findall(r"%(.)", text)
    whole = re.fullmatch(r"(%[YymdHIMSj])+", text)
    return sum(DIGITS[k] for k in letters) if whole else None
