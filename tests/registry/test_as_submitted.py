"""An approval reads the report and the package: what was changed since is never approved."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truerisk.errors import ModelError, RegistryError
from truerisk.lake.lake import Lake
from truerisk.models.calibration import Calibration
from truerisk.models.candidates import CANDIDATES
from truerisk.models.package import Model, read_manifest, save, save_report
from truerisk.problem.spec import Prior
from truerisk.registry.approval import (
    approve,
    champion_of,
    refuse_submitter,
    rollback,
    submit,
)
from truerisk.registry.events import history


@pytest.fixture
def submitted(lake: Lake) -> Callable[..., tuple[str, str]]:
    """Submit a real package with a real report: its version and its report's hash."""

    def submitted_(
        fingerprint: str = "data", compared: str | None = None, **more: Any
    ) -> tuple[str, str]:
        X, event = pd.DataFrame({"amount": [1.0, 2.0]}), np.array([0.0, 1.0])
        fitted = CANDIDATES["prior"].fit(X, event, Prior(), 0)
        model = Model(
            name="prior",
            fitted=fitted,
            calibration=Calibration(0.0, 1.0),
            features=["amount"],
            definition={},
            fingerprint=fingerprint,
            reference=None,
        )
        version = save("small", lake, model, {"versions": {}})
        digest = save_report("small", lake, version, "<html>the report</html>")
        package = read_manifest("small", lake, version)["sha256"]
        payload = {"gate": [], "package": package, "submitter": "ana", **more}
        submit("small", lake, version, "TrainFlow/7", digest, compared, payload)
        return version, digest

    return submitted_


def folder(lake: Lake, version: str) -> Path:
    return Path(lake.root, "models", "small", version)


def test_what_was_submitted_can_be_approved(lake: Lake, submitted: Any) -> None:
    version, digest = submitted()
    approve("small", lake, version, "Ann", "fine", digest)
    assert champion_of("small", lake) == version


@pytest.mark.parametrize("change", ["report", "report gone", "model", "model gone", "manifest"])
def test_what_was_changed_since_is_refused_and_can_be_submitted_again(
    change: str, lake: Lake, submitted: Any
) -> None:
    version, digest = submitted()
    own = folder(lake, version)
    part = change.split()[0]
    [file] = own.glob({"report": "report-*.html", "model": "model.json"}.get(part, "manifest.json"))
    if change.endswith("gone"):
        file.unlink()
    elif part == "manifest":  # sealed anew, so that it is whole in itself
        manifest = json.loads(file.read_text()) | {"run": "another"}
        from truerisk.models import package

        manifest["sha256"] = package._seal(manifest)
        file.write_text(json.dumps(manifest))
    else:
        file.write_bytes(file.read_bytes().replace(b"e", b"f", 1))
    with pytest.raises(ModelError, match=r"train again|Restore it"):
        approve("small", lake, version, "Ann", "fine", digest)
    assert history("small", lake)["event"].tolist() == ["submitted"]
    version, digest = submitted()
    approve("small", lake, version, "Ann", "fine", digest)


def test_where_a_second_person_is_asked_for_the_submitter_may_not_approve(
    lake: Lake, submitted: Any
) -> None:
    version, digest = submitted(second_person=True)
    for by in ("ana", "Ana", " ANA "):
        with pytest.raises(RegistryError, match="asks for another person"):
            approve("small", lake, version, by, "fine", digest)
    approve("small", lake, version, "Ben", "fine", digest)


def test_a_second_person_can_be_asked_for_after_the_submission(lake: Lake, submitted: Any) -> None:
    version, digest = submitted()
    with pytest.raises(RegistryError, match="asks for another person"):
        refuse_submitter("small", lake, version, "Ana")
    approve("small", lake, version, "Ana", "fine", digest)


@pytest.mark.slow
def test_a_roll_back_needs_the_package_and_not_the_report(lake: Lake, submitted: Any) -> None:
    first, digest = submitted()
    approve("small", lake, first, "Ann", "fine", digest)
    second, digest = submitted("newer data", first)
    approve("small", lake, second, "Ann", "better", digest)
    file = folder(lake, first) / "model.json"
    held = file.read_bytes()
    file.write_bytes(held + b" ")
    with pytest.raises(ModelError, match="was changed after training"):
        rollback("small", lake, "Ben", "it declines everybody")
    assert champion_of("small", lake) == second
    file.write_bytes(held)
    for report in folder(lake, first).glob("report-*.html"):
        report.unlink()
    assert rollback("small", lake, "Ben", "it declines everybody") == first
