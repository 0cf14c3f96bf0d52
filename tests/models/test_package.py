"""A package is what was trained, to the byte, or it is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from truerisk.errors import ModelError
from truerisk.lake.lake import Lake
from truerisk.models import package
from truerisk.models.candidates import CANDIDATES
from truerisk.models.inputs import conform
from truerisk.models.package import Model, load, read_manifest, read_report, save, save_report

ABOUT = {"known_at": "2025-01-01", "versions": {"applications": 3}, "run": "TrainFlow/7"}


@pytest.fixture
def version(lake: Lake, model: Model) -> str:
    return save("small", lake, model, ABOUT)


@pytest.fixture
def folder(lake: Lake, version: str) -> Path:
    return Path(lake.root, "models", "small", version)


def reseal(folder: Path, **changes: object) -> None:
    """Change a manifest and seal it again, as a careful forger or another release would."""
    manifest = json.loads((folder / "manifest.json").read_text()) | changes
    manifest["sha256"] = package._seal(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", CANDIDATES)
def test_a_loaded_model_scores_as_the_trained_one(
    lake: Lake, make_model: Callable[[str], Model], sample: Callable, name: str
) -> None:
    model = make_model(name)
    back = load("small", lake, save("small", lake, model, ABOUT))
    X, _ = sample(200, seed=8)
    shuffled = X[X.columns[::-1]].assign(extra="ignored")
    np.testing.assert_array_equal(back.score(shuffled), model.score(X))
    assert back.version == model.version
    assert (back.features, back.definition) == (model.features, model.definition)


def test_the_manifest_says_what_is_needed_to_train_it_again(
    lake: Lake, model: Model, version: str
) -> None:
    manifest = read_manifest("small", lake, version)
    assert manifest["format"] == 2
    assert manifest["candidate"] == "scorecard"
    assert manifest["fingerprint"] == model.fingerprint
    assert manifest["version"] == version == model.version
    assert {k: manifest[k] for k in ABOUT} == ABOUT


def test_saving_an_equal_model_again_changes_nothing(
    lake: Lake, model: Model, version: str, folder: Path
) -> None:
    before = {f.name: f.read_bytes() for f in folder.iterdir()}
    assert save("small", lake, model, {**ABOUT, "run": "TrainFlow/8"}) == version
    assert {f.name: f.read_bytes() for f in folder.iterdir()} == before


def test_a_save_that_died_before_its_manifest_left_no_model_and_can_be_done_again(
    lake: Lake, model: Model, version: str, folder: Path
) -> None:
    (folder / "manifest.json").unlink()
    with pytest.raises(ModelError, match="There is no model"):
        load("small", lake, version)
    assert save("small", lake, model, ABOUT) == version
    assert load("small", lake, version).version == version


def test_a_missing_version_is_named_with_the_way_to_those_that_exist(lake: Lake) -> None:
    with pytest.raises(ModelError) as refused:
        load("small", lake, "0123456789ab")
    assert "no model 0123456789ab of small" in str(refused.value)
    assert "`truerisk models` lists those that exist" in str(refused.value)


@pytest.mark.parametrize("file", ["model.json", "manifest.json"])
def test_a_byte_changed_anywhere_is_refused(
    lake: Lake, version: str, folder: Path, file: str
) -> None:
    path = folder / file
    whole = path.read_bytes()
    for at in [*range(0, len(whole), max(1, len(whole) // 40)), len(whole) - 1]:
        flip(path, at)
        with pytest.raises(ModelError, match="was changed after training and is refused"):
            load("small", lake, version)
        path.write_bytes(whole)
    assert load("small", lake, version)


def test_a_byte_changed_in_a_boosted_model_is_refused(
    lake: Lake, make_model: Callable[[str], Model]
) -> None:
    version = save("small", lake, make_model("boosting"), ABOUT)
    flip(Path(lake.root, "models", "small", version, "model.cbm"), 1_000)
    with pytest.raises(ModelError, match=r"model\.cbm .* was changed"):
        load("small", lake, version)


@pytest.mark.parametrize("file", ["model.json", "manifest.json"])
@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"\xff\xfe"])
def test_a_file_emptied_or_overwritten_is_refused(
    lake: Lake, version: str, folder: Path, file: str, content: bytes
) -> None:
    (folder / file).write_bytes(content)
    with pytest.raises(ModelError, match="was changed"):
        load("small", lake, version)


def test_a_model_file_that_is_gone_is_missing(lake: Lake, version: str, folder: Path) -> None:
    (folder / "model.json").unlink()
    with pytest.raises(ModelError, match=r"model\.json of .* is missing"):
        load("small", lake, version)


def test_a_forged_seal_does_not_help(lake: Lake, version: str, folder: Path) -> None:
    reseal(folder, calibration={"intercept": -9.0, "slope": 1.0})
    with pytest.raises(ModelError, match=f"Model {version} .* belongs to version"):
        load("small", lake, version)


def test_another_model_under_this_version_is_refused(
    lake: Lake, make_model: Callable[[str], Model], version: str, folder: Path
) -> None:
    other = save("small", lake, make_model("prior"), ABOUT)
    shutil.rmtree(folder)
    shutil.copytree(folder.parent / other, folder)
    with pytest.raises(ModelError, match=f"belongs to version {other}"):
        load("small", lake, version)


def test_another_format_is_named_with_the_one_that_is_read(
    lake: Lake, version: str, folder: Path
) -> None:
    reseal(folder, format=3)
    with pytest.raises(ModelError, match=r"format 3, .* reads formats 1 and 2; see docs/formats"):
        load("small", lake, version)


def test_a_package_of_format_1_has_no_kinds_and_is_read(
    lake: Lake, model: Model, version: str, folder: Path
) -> None:
    reseal(folder, format=1, kinds={})
    assert load("small", lake, version).kinds == {}


def test_inputs_of_another_kind_are_brought_to_the_models_or_refused_with_counts() -> None:
    X = pd.DataFrame({"branch": [7.0, 12.0, None], "amount": ["1", " 2.5", None]})
    made = conform(X, {"branch": "text", "amount": "number"})
    assert made["branch"].tolist()[:2] == ["7", "12"]
    assert made["amount"].tolist()[:2] == [1.0, 2.5]
    assert made.isna().sum().tolist() == [1, 1]
    with pytest.raises(ModelError, match=r'"branch" holds DOUBLE, .* which 1 of 3 values cannot'):
        conform(X.assign(branch=[7.5, 1.0, None]), {"branch": "text"})


def test_a_report_is_kept_as_it_was_submitted(lake: Lake, version: str, folder: Path) -> None:
    page = "<p>AUC .8 ± .01</p>"
    digest = save_report("small", lake, version, page)
    assert save_report("small", lake, version, page) == digest
    assert read_report("small", lake, version, digest).decode() == page
    for at in range(len(page.encode())):
        flip(folder / f"report-{digest}.html", at)
        with pytest.raises(ModelError, match=f"{digest} .* was changed after it was submitted"):
            read_report("small", lake, version, digest)
        flip(folder / f"report-{digest}.html", at)
    with pytest.raises(ModelError, match="is missing"):
        read_report("small", lake, version, "0" * 16)


def test_reports_of_two_runs_lie_side_by_side(lake: Lake, version: str) -> None:
    pages = ["compares with nobody", "compares with a champion"]
    digests = [save_report("small", lake, version, page) for page in pages]
    assert [read_report("small", lake, version, d).decode() for d in digests] == pages


def test_a_model_asks_for_its_features_by_name(model: Model) -> None:
    with pytest.raises(KeyError, match="income"):
        model.score(pd.DataFrame({"late": [1.0], "purpose": ["car"]}))
