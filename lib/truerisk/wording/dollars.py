"""Dollars as people read them, small ones too: a sign-up is worth cents, a loan hundreds."""

MINUS = "\N{MINUS SIGN}"
NOTHING = "–"
LEAST = 5e-5  # dollars; less is rounding noise and is written as $0


def dollars(value: float | None) -> str:
    """$1,235, −$21, $4.20, $0.004: cents below ten dollars, two digits below a cent."""
    if value is None or value != value:
        return NOTHING
    size = abs(float(value))
    if size < LEAST:
        return "$0"
    if size >= 9.995:
        text = f"{size:,.0f}"
    elif size >= 0.00995:
        text = f"{size:.2f}"
    else:
        text = f"{size:.2g}" if size >= 1e-4 else f"{size:.5f}"
    return f"{MINUS if value < 0 else ''}${text}"


def dollar_change(value: float | None) -> str:
    """+$12 and −$21; $0 has no sign."""
    text = dollars(value)
    return text if text in (NOTHING, "$0") or text.startswith(MINUS) else f"+{text}"
