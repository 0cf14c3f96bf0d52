"""Models that await a decision, without training any."""

from collections.abc import Callable
from typing import Any

import pytest

from truerisk.lake.lake import Lake
from truerisk.registry.approval import approve, submit

PASSED = {"name": "AUC gain over nobody", "asked": "> 0", "seen": "+0.1", "passed": True}
FAILED = {"name": "calibration in the large", "asked": "±.02", "seen": ".05", "passed": False}


def report_of(version: str, turn: int = 0) -> str:
    """The hash of a version's report: 16 hex digits."""
    return f"{version.encode().hex()}{turn}".ljust(16, "f")


@pytest.fixture
def offer(lake: Lake) -> Callable[..., str]:
    """Submit a model: ``offer("a")``; returns its report's hash."""

    def offer_(
        version: str, compared: str | None = None, failed: bool = False, turn: int = 0, **more: Any
    ) -> str:
        gate = [PASSED, FAILED] if failed else [PASSED]
        payload = {"gate": gate, "candidate": "scorecard", "auc": 0.8, "known_at": "2025", **more}
        submit("small", lake, version, "Train/1", report_of(version, turn), compared, payload)
        return report_of(version, turn)

    return offer_


@pytest.fixture
def promote(lake: Lake, offer: Callable[..., str]) -> Callable[..., None]:
    """Submit and approve versions, one after the other, each compared with the one before."""

    def promote_(*versions: str) -> None:
        compared = None
        for version in versions:
            digest = offer(version, compared)
            approve("small", lake, version, "Ann", f"{version} is better", digest)
            compared = version

    return promote_
