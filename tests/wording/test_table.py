"""Tables in a terminal: whole where there is none, folded where it is narrow, text as it is."""

import io

import pytest
from rich.console import Console
from rich.text import Text

from truerisk.wording.table import facts, lines, show, table

LONG = "submitted by " + "TrainFlow/" + "1796056997203926" * 20
MARKUP = "[red]late[/red] [/]"
ROWS = [["a1", LONG, "0.5"], ["a2", MARKUP, "12.25"]]
HEADS = ["version", "last", "auc"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(file: io.StringIO, width: int) -> str:
    out = Console(file=file, width=width, soft_wrap=True, highlight=False, color_system=None)
    show(out, table(HEADS, ROWS, right={"auc"}))
    return file.getvalue()


@pytest.mark.parametrize("width", [20, 80, 110])
def test_what_is_piped_is_neither_folded_nor_cut(width: int) -> None:
    text = printed(io.StringIO(), width)
    assert [line.split() for line in text.splitlines()] == [
        HEADS, ["a1", *LONG.split(), "0.5"], ["a2", *MARKUP.split(), "12.25"]
    ]  # fmt: skip
    ends = {len(line) for line in text.splitlines()}
    assert len(ends) == 1, "numbers end at the same place"


def test_a_narrow_terminal_folds_and_loses_nothing() -> None:
    text = printed(Terminal(), 60)
    assert all(len(line) <= 60 for line in text.splitlines())
    assert "…" not in text
    assert LONG.replace(" ", "") in "".join(
        line[9:-7].strip() for line in text.splitlines()[1:-1]
    ).replace(" ", "")


def test_cells_are_text_and_never_markup() -> None:
    assert MARKUP in lines(table(["x"], [[MARKUP]]))
    assert MARKUP in lines(facts({MARKUP: MARKUP}))
    assert lines(table([MARKUP], [[Text("red", style="red")]])).splitlines()[1] == "red"


def test_facts_stand_beside_names_of_any_length() -> None:
    text = lines(facts({"a": "1", "feature__payments__distinct_creditor__365d": "8", "c": ""}))
    first, second, third = text.splitlines()
    assert first.index("1") == second.rindex("8")
    assert third == "c"
