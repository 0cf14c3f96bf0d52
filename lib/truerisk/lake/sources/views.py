"""What the views of an opened source are called: names that no source and no column may bear."""

OURS = "__"


def came_view(name: str) -> str:
    """A source's rows as its contract reads them."""
    return f"{OURS}came_{name}"


def raw_view(name: str) -> str:
    """The same in the types that a model, or what they are joined to, declares."""
    return f"{OURS}raw_{name}"


def checked(name: str) -> str:
    """The same, verified, with the added columns."""
    return f"{OURS}source_{name}"
