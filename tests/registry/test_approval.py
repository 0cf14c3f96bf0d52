"""A model's state changes only by a named person who read its report, and never in silence."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from truerisk.errors import RegistryError
from truerisk.lake.lake import Lake
from truerisk.registry import approval
from truerisk.registry.approval import (
    approve,
    champion_of,
    list_models,
    reject,
    rollback,
    submission,
    submit,
)
from truerisk.registry.events import champion, events_of, history, status

Offer = Callable[..., str]
Promote = Callable[..., None]


@pytest.fixture(autouse=True)
def _packages_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """These versions are letters without a package; test_as_submitted.py has real ones."""
    monkeypatch.setattr(approval, "as_submitted", lambda *_: None)
    monkeypatch.setattr(approval, "package_as_submitted", lambda *_: None)


def events(lake: Lake, version: str | None = None) -> list[str]:
    rows = history("small", lake)
    return rows[rows["version"].eq(version) if version else slice(None)]["event"].tolist()


def test_the_way_of_a_model(lake: Lake, offer: Offer) -> None:
    digest = offer("a")
    assert status(events_of("small", lake), "a") == "submitted"
    approve("small", lake, "a", "Ann", "better than nothing", digest)
    assert champion_of("small", lake) == "a"
    rows = history("small", lake)
    assert rows["event"].tolist() == ["submitted", "approved", "promoted"]
    assert rows["seq"].tolist() == [0, 1, 2]
    assert rows["at"].is_monotonic_increasing
    last = rows.iloc[-1]
    assert (last["by"], last["because"], last["report_hash"]) == (
        "Ann",
        "better than nothing",
        digest,
    )


def test_an_empty_lake_has_no_history_and_says_how_to_get_a_champion(lake: Lake) -> None:
    assert history("small", lake).empty
    assert champion("small", lake) is None
    assert list_models("small", lake).empty
    with pytest.raises(RegistryError, match=r"no champion .* train a model, read its report"):
        champion_of("small", lake)


@pytest.mark.slow
def test_what_awaits_approval_is_named_and_what_was_rejected_does_not_await(
    lake: Lake, offer: Offer
) -> None:
    offer("a"), offer("b")
    with pytest.raises(RegistryError, match="b awaits approval"):
        champion_of("small", lake)
    reject("small", lake, "b", "Ann", "too coarse")
    with pytest.raises(RegistryError, match="a awaits approval"):
        champion_of("small", lake)
    reject("small", lake, "a", "Ann", "too coarse")
    with pytest.raises(RegistryError, match="no model awaits approval"):
        champion_of("small", lake)


def test_problems_do_not_see_each_other(lake: Lake, promote: Promote) -> None:
    promote("a")
    payload = {"gate": []}
    submit("other", lake, "b", "Train/2", "0" * 16, None, payload)
    assert champion("other", lake) is None
    assert list_models("other", lake)["version"].tolist() == ["b"]
    assert list_models("small", lake)["version"].tolist() == ["a"]
    assert history("other", lake)["seq"].tolist() == [3]


def test_a_wrong_or_short_report_hash_is_refused(lake: Lake, offer: Offer) -> None:
    assert offer("a") == "610fffffffffffff"
    longer, another = "610fffffffffffff0", "620fffffffffffff"
    for wrong in ("", "61", "610ffff", "x" * 16, longer, another):
        with pytest.raises(RegistryError, match="not the hash of the report of a; read the report"):
            approve("small", lake, "a", "Ann", "fine", wrong)
    assert events(lake) == ["submitted"]


def test_the_first_eight_digits_are_enough(lake: Lake, offer: Offer) -> None:
    approve("small", lake, "a", "Ann", "fine", offer("a")[:8])
    assert champion_of("small", lake) == "a"


def test_every_decision_needs_a_name_and_a_reason(
    lake: Lake, promote: Promote, offer: Offer
) -> None:
    promote("a")
    digest = offer("b", "a")
    before = len(history("small", lake))
    for by, because in (("", "fine"), ("  ", "fine"), ("Ann", ""), ("Ann", " ")):
        for decide in (
            lambda who, why: approve("small", lake, "b", who, why, digest),
            lambda who, why: reject("small", lake, "b", who, why),
            lambda who, why: rollback("small", lake, who, why),
        ):
            with pytest.raises(RegistryError, match="keeps who decided and why"):
                decide(by, because)
    assert len(history("small", lake)) == before


def test_a_failed_gate_needs_an_override_and_both_are_kept(lake: Lake, offer: Offer) -> None:
    digest = offer("a", failed=True)
    with pytest.raises(RegistryError, match=r"failed its gate \(calibration in the large\)"):
        approve("small", lake, "a", "Ann", "urgent", digest)
    approve("small", lake, "a", "Ann", "urgent", digest, override=True)
    rows = history("small", lake)
    kept = json.loads(rows.iloc[-1]["payload"])
    assert kept == {"override": True, "failed": ["calibration in the large"]}
    gate = json.loads(rows.iloc[0]["payload"])["gate"]
    assert [c["passed"] for c in gate] == [True, False]
    assert list_models("small", lake).iloc[0]["gate"] == "failed"


def test_an_unknown_model_is_refused_with_those_that_exist(lake: Lake, offer: Offer) -> None:
    for decide in (
        lambda: approve("small", lake, "z", "Ann", "fine", "0" * 16),
        lambda: reject("small", lake, "z", "Ann", "fine"),
        lambda: submission("small", lake, "z"),
    ):
        with pytest.raises(RegistryError, match=r"no model z of small .* submitted are none yet"):
            decide()
    offer("a"), offer("b")
    with pytest.raises(RegistryError, match="submitted are a, b"):
        submission("small", lake, "z")


def test_a_rejected_model_cannot_be_approved_nor_submitted_again(lake: Lake, offer: Offer) -> None:
    digest = offer("a")
    reject("small", lake, "a", "Ben", "unfair to the young")
    with pytest.raises(RegistryError, match="a is rejected already: Ben rejected it at 20"):
        approve("small", lake, "a", "Ann", "fine", digest)
    with pytest.raises(RegistryError, match="a is rejected already"):
        reject("small", lake, "a", "Ann", "again")
    offer("a", turn=1)
    assert events(lake) == ["submitted", "rejected"]


def test_a_champion_cannot_be_approved_twice_or_rejected(lake: Lake, promote: Promote) -> None:
    promote("a")
    for decide in (
        lambda: approve("small", lake, "a", "Ben", "fine", "610fffffffffffff"),
        lambda: reject("small", lake, "a", "Ben", "no"),
    ):
        with pytest.raises(RegistryError, match="a is champion already: Ann promoted it at"):
            decide()


@pytest.mark.slow
def test_an_approval_is_refused_when_the_champion_moved_since_the_report(
    lake: Lake, promote: Promote, offer: Offer
) -> None:
    promote("a")
    digest = offer("b", "a")
    approve("small", lake, "c", "Ben", "faster", offer("c", "a"))
    with pytest.raises(RegistryError) as refused:
        approve("small", lake, "b", "Ann", "better", digest)
    said = str(refused.value)
    assert said.startswith("The champion is c since Ben promoted it at 20")
    assert said.endswith("the report of b compares with a; train again to compare with c.")
    assert champion_of("small", lake) == "c"


@pytest.mark.slow
def test_a_roll_back_moves_the_champion_too(lake: Lake, promote: Promote, offer: Offer) -> None:
    promote("a", "b")
    digest = offer("c", "b")
    rollback("small", lake, "Ben", "b declines everybody")
    with pytest.raises(RegistryError, match="The champion is a since Ben rolled back to it"):
        approve("small", lake, "c", "Ann", "better", digest)


@pytest.mark.slow
def test_a_model_compared_again_with_the_new_champion_can_be_approved(
    lake: Lake, promote: Promote, offer: Offer
) -> None:
    promote("a")
    old = offer("b", "a")
    approve("small", lake, "c", "Ben", "faster", offer("c", "a"))
    new = offer("b", "c", turn=1)
    assert events(lake, "b") == ["submitted", "submitted"]
    with pytest.raises(RegistryError, match="is not the hash of the report"):
        approve("small", lake, "b", "Ann", "better", old)
    approve("small", lake, "b", "Ann", "better", new)
    assert champion_of("small", lake) == "b"


def test_submitting_the_same_again_changes_nothing(lake: Lake, promote: Promote) -> None:
    again = ("small", lake, "a", "Train/2", "0" * 16, None, {"gate": []})
    assert submit(*again) is True
    assert submit(*again) is False
    approve("small", lake, "a", "Ann", "fine", "0" * 16)
    assert submit(*again) is False
    assert events(lake) == ["submitted", "approved", "promoted"]


@pytest.mark.slow
def test_roll_backs_go_back_one_champion_at_a_time(lake: Lake, promote: Promote) -> None:
    promote("a", "b", "c")
    assert rollback("small", lake, "Ben", "c declines everybody") == "b"
    assert champion_of("small", lake) == "b"
    assert rollback("small", lake, "Ben", "b too") == "a"
    assert champion_of("small", lake) == "a"
    with pytest.raises(RegistryError, match="no earlier champion to roll back to"):
        rollback("small", lake, "Ben", "a too")
    last = history("small", lake).iloc[-1]
    assert (last["event"], last["version"], last["expected_champion"]) == ("rolled back", "a", "b")
    assert json.loads(last["payload"]) == {"left": "b"}


@pytest.mark.slow
def test_after_a_roll_back_the_next_approval_follows_the_restored_champion(
    lake: Lake, promote: Promote, offer: Offer
) -> None:
    promote("a", "b")
    rollback("small", lake, "Ben", "b declines everybody")
    approve("small", lake, "c", "Ann", "better", offer("c", "a"))
    assert rollback("small", lake, "Ben", "c too") == "a"


@pytest.mark.slow
def test_what_was_left_by_a_roll_back_may_be_offered_again(
    lake: Lake, promote: Promote, offer: Offer
) -> None:
    promote("a", "b")
    rollback("small", lake, "Ben", "an outage, not the model")
    digest = offer("b", "a", turn=1)
    approve("small", lake, "b", "Ann", "the outage is over", digest[:8])
    assert champion_of("small", lake) == "b"
    assert history("small", lake).iloc[-1]["report_hash"] == digest


@pytest.mark.parametrize("promoted", [(), ("a",)])
def test_there_must_be_someone_to_roll_back_to(
    lake: Lake, promote: Promote, promoted: tuple[str, ...]
) -> None:
    promote(*promoted)
    with pytest.raises(RegistryError, match="Problem small has no earlier champion"):
        rollback("small", lake, "Ben", "it declines everybody")


@pytest.mark.slow
def test_the_list_shows_every_model_once_with_its_state_newest_first(
    lake: Lake, promote: Promote, offer: Offer
) -> None:
    promote("a", "b")
    offer("c", "b", failed=True)
    offer("d", "b", auc=0.9)
    reject("small", lake, "d", "Ben", "unfair")
    offer("c", "b", turn=1)
    rollback("small", lake, "Ben", "b declines everybody")
    offer("c", "a", failed=True, turn=2)
    found = list_models("small", lake).set_index("version")
    assert found["status"].to_dict() == {
        "c": "submitted",
        "d": "rejected",
        "b": "approved",
        "a": "champion",
    }
    assert found.index.tolist() == ["c", "d", "b", "a"]
    assert found.loc["c", ["gate", "report_hash"]].tolist() == ["failed", "632fffffffffffff"]
    assert found.loc["d", ["auc", "last_event", "by", "because"]].tolist() == [
        0.9,
        "rejected",
        "Ben",
        "unfair",
    ]
    assert found.loc["a", ["last_event", "gate"]].tolist() == ["rolled back", "passed"]


@pytest.mark.slow
def test_listing_models_waits_for_no_pandas(lake: Lake, promote: Promote, offer: Offer) -> None:
    """Arrow imports it on its own to make a time, or a scalar to compare with."""
    promote("a")
    offer("b", "a")
    list_ = f"""
import sys
from truerisk.lake.lake import open_lake
from truerisk.registry.approval import models_of
print([row["version"] for row in models_of("small", open_lake({lake.root!r}))])
print({{"pandas", "pyarrow.compute", "catboost", "sklearn"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", list_], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['b', 'a']", "set()"]
