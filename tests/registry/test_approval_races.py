"""Two real processes that decide at once: one wins, and the other is told about it."""

from collections.abc import Callable

import pytest

from tests.racing import Racer, shoot
from truerisk.errors import RegistryError
from truerisk.lake.lake import Lake
from truerisk.registry import approval
from truerisk.registry.approval import approve, champion_of, rollback
from truerisk.registry.events import history

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _packages_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approval, "as_submitted", lambda *_: None)
    monkeypatch.setattr(approval, "package_as_submitted", lambda *_: None)


def decided(lake: Lake, what: str, version: str, digest: str, by: str) -> str:
    """What one of them is told."""
    approval.as_submitted = lambda *_: None  # letters without a package
    approval.package_as_submitted = lambda *_: None
    try:
        if what == "approve":
            approve("small", lake, version, by, "best", digest)
        else:
            rollback("small", lake, by, "worst")
    except RegistryError as error:
        return str(error)
    return "done"


def race(lake: Lake, *decisions: tuple[str, str, str, str]) -> list[str]:
    """Start a process per decision, let all go at once, and return what each said."""
    racers = [Racer(decided, lake.root, *decision) for decision in decisions]
    shoot(lake.root)
    return [racer.finish() for racer in racers]


@pytest.mark.slow
def test_of_two_models_approved_at_once_one_wins_and_the_other_is_told_who_did(
    lake: Lake, offer: Callable[..., str]
) -> None:
    people = {"a": "Ann", "b": "Ben"}
    said = race(lake, *(("approve", v, offer(v), by) for v, by in people.items()))
    winner, loser = ("a", "b") if said[0] == "done" else ("b", "a")
    assert said["ab".index(winner)] == "done"
    refusal = said["ab".index(loser)]
    assert refusal.startswith(f"The champion is {winner} since {people[winner]} promoted it at 20")
    assert refusal.endswith(
        f"the report of {loser} compares with no champion; train again to compare with {winner}."
    )
    assert champion_of("small", lake) == winner
    rows = history("small", lake)
    assert rows["event"].tolist() == ["submitted", "submitted", "approved", "promoted"]
    assert rows["seq"].tolist() == [0, 1, 2, 3]


@pytest.mark.slow
def test_one_model_approved_by_two_people_at_once_is_approved_once(
    lake: Lake, offer: Callable[..., str]
) -> None:
    digest = offer("a")
    said = race(lake, ("approve", "a", digest, "Ann"), ("approve", "a", digest, "Ben"))
    winner = ["Ann", "Ben"][said.index("done")]
    assert f"a is champion already: {winner} promoted it" in said[1 - said.index("done")]
    assert history("small", lake)["event"].tolist() == ["submitted", "approved", "promoted"]


@pytest.mark.slow
def test_a_roll_back_and_an_approval_at_once_leave_a_history_that_makes_sense(
    lake: Lake, promote: Callable[..., None], offer: Callable[..., str]
) -> None:
    """Approve first, then roll back: both happen. Roll back first: the approval is refused."""
    promote("a", "b")
    said = race(lake, ("approve", "c", offer("c", "b"), "Ann"), ("rollback", "", "", "Ben"))
    moves = history("small", lake).query("event in ('promoted', 'rolled back')")
    assert said[1] == "done"
    if said[0] == "done":
        assert moves["version"].tolist() == ["a", "b", "c", "b"]
    else:
        assert moves["version"].tolist() == ["a", "b", "a"]
        assert said[0].startswith("The champion is a since Ben rolled back to it")
