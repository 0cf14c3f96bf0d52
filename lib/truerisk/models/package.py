"""A model on disk: content-addressed, verified on every load, read without running any code.

``models/<problem>/<version>/`` holds the model's file, manifest.json and the reports it was
submitted with, each named by its own hash. The manifest is written last, so a package without one
does not exist. The version is the start of the sha256 of what decides: model, calibration, feature
definitions and training data.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from truerisk.errors import ModelError
from truerisk.features.definitions import definition_hash
from truerisk.lake import objects
from truerisk.lake.lake import Lake
from truerisk.models import fitted_keys
from truerisk.models.calibration import Calibration
from truerisk.models.candidates import Fitted, kind_of
from truerisk.models.inputs import conform

FORMAT = 2
READ = (1, 2)  # a manifest of format 1 does not say the kinds of its inputs
VERSION_LENGTH = 12
REPORT_LENGTH = 16


@dataclass(frozen=True, kw_only=True)
class Model:
    """A fitted candidate with its calibration and the definitions of its inputs.

    ``reference`` is the usual application that reasons compare with and ``dependence`` which way
    each factor works (models/dependence.py); ``recipe`` what made the model beside candidate and
    definition; ``fitted_keys`` hashes of the applications it was fitted on,
    written with the package and not read with it; ``levels`` hashes of the levels of its texts. All
    None in older packages. ``kinds`` says of each input whether it is a number or a text; older
    packages do not.
    """

    name: str
    fitted: Fitted
    calibration: Calibration
    features: list[str]
    definition: dict[str, Any]
    fingerprint: str
    reference: dict[str, Any] | None = None
    recipe: dict[str, Any] | None = None
    fitted_keys: bytes | None = None
    kinds: dict[str, str] = field(default_factory=dict)
    levels: dict[str, list[str]] | None = None
    dependence: dict[str, list[Any]] | None = None

    def score(self, frame: pd.DataFrame) -> np.ndarray:
        """Calibrated probability of the event, shape (n,), or of each of several outcomes,
        (n, outcomes); ``frame`` has the model's features.

        Raises ModelError for inputs that cannot be of the kind that the model was fitted on.
        """
        return self.calibration.apply(
            self.fitted.predict(conform(frame[self.features], self.kinds))
        )

    @property
    def version(self) -> str:
        return _version(self.fitted.to_bytes(), self.calibration, self.definition, self.fingerprint)


def save(problem: str, lake: Lake, model: Model, about: dict[str, Any]) -> str:
    """Write the package and return its version; an equal and intact one that is there stays.

    ``about`` is what the manifest says beside what is hashed: known_at, versions of the data, code
    revision, the run.
    """
    version = model.version
    folder = _folder(problem, lake, version)
    if objects.read_bytes(f"{folder}/manifest.json") is not None:
        with suppress(ModelError):  # what was damaged is written again
            load(problem, lake, version)
            return version
    content = {model.fitted.FILE: model.fitted.to_bytes()}
    if model.fitted_keys is not None:
        content[fitted_keys.FILE] = model.fitted_keys
    manifest = {
        "format": FORMAT,
        "problem": problem,
        "version": version,
        "candidate": model.name,
        "calibration": vars(model.calibration),
        "features": model.features,
        "kinds": model.kinds,
        "definition": model.definition,
        "definition_hash": definition_hash(model.definition),
        "fingerprint": model.fingerprint,
        "reference": model.reference,
        "dependence": model.dependence,
        "recipe": model.recipe,
        "levels": model.levels,
        "fitted_keys": model.fitted_keys and len(model.fitted_keys) // fitted_keys.BYTES,
        "files": {name: _sha256(data) for name, data in content.items()},
        **about,
    }
    manifest["sha256"] = _seal(manifest)
    for name, data in content.items():
        objects.write_bytes(f"{folder}/{name}", data)
    objects.write_bytes(f"{folder}/manifest.json", json.dumps(manifest, indent=1).encode())
    return version


def load(problem: str, lake: Lake, version: str) -> Model:
    """The model of that version; ModelError when a byte of it was changed."""
    manifest = read_manifest(problem, lake, version)
    kind = kind_of(manifest["candidate"])
    content = _read(problem, lake, version, kind.FILE, manifest)
    model = Model(
        name=manifest["candidate"],
        fitted=kind.from_bytes(content),
        calibration=Calibration(**manifest["calibration"]),
        features=manifest["features"],
        definition=manifest["definition"],
        fingerprint=manifest["fingerprint"],
        reference=manifest.get("reference"),
        dependence=manifest.get("dependence"),
        recipe=manifest.get("recipe"),
        kinds=manifest.get("kinds", {}),
    )
    made = _version(content, model.calibration, model.definition, model.fingerprint)
    if made != version:
        raise ModelError(
            f"Model {version} of {problem} in {lake.root} holds what belongs to version {made}; "
            "it was changed after training and is refused. Restore it or train again."
        )
    return model


def read_manifest(problem: str, lake: Lake, version: str) -> dict[str, Any]:
    """The verified manifest of a package; ModelError when missing, changed or of another format."""
    content = objects.read_bytes(f"{_folder(problem, lake, version)}/manifest.json")
    if content is None:
        raise ModelError(
            f"There is no model {version} of {problem} in the lake at {lake.root}; "
            "`truerisk models` lists those that exist; a lost package comes back from a copy alone."
        )
    try:
        manifest = json.loads(content)
        sealed = manifest["sha256"] == _seal(manifest)
    except (ValueError, KeyError, TypeError, UnicodeDecodeError):
        sealed = False
    if not sealed:
        raise ModelError(
            f"manifest.json of model {version} of {problem} was changed after training and is "
            "refused. Restore it or train again."
        )
    if manifest["format"] not in READ:
        raise ModelError(
            f"Model {version} of {problem} has format {manifest['format']}, and this version of "
            f"truerisk reads formats {' and '.join(map(str, READ))}; see docs/formats.md."
        )
    return manifest


def was_fitted_on(problem: str, lake: Lake, version: str, keys: pd.Series) -> np.ndarray | None:
    """Whether the model was fitted on each application, shape (n,); None where its package is
    older than its hashes."""
    manifest = read_manifest(problem, lake, version)
    if not manifest.get("fitted_keys"):
        return None
    packed = _read(problem, lake, version, fitted_keys.FILE, manifest)
    return fitted_keys.among(keys, packed)


def save_report(problem: str, lake: Lake, version: str, page: str) -> str:
    """Keep a report beside its model and return its hash, which an approval must give back."""
    digest = _sha256(page.encode())[:REPORT_LENGTH]
    objects.write_bytes(report_path(problem, lake, version, digest), page.encode())
    return digest


def read_report(problem: str, lake: Lake, version: str, digest: str) -> bytes:
    """A report as it was submitted; ModelError when it is missing or a byte of it was changed."""
    content = objects.read_bytes(report_path(problem, lake, version, digest))
    if content is None or _sha256(content)[:REPORT_LENGTH] != digest:
        what = "is missing" if content is None else "was changed after it was submitted"
        raise ModelError(
            f"The report {digest} of model {version} of {problem} {what}; train again."
        )
    return content


def report_path(problem: str, lake: Lake, version: str, digest: str) -> str:
    return f"{_folder(problem, lake, version)}/report-{digest}.html"


def _read(problem: str, lake: Lake, version: str, name: str, manifest: dict[str, Any]) -> bytes:
    content = objects.read_bytes(f"{_folder(problem, lake, version)}/{name}")
    if content is None or _sha256(content) != manifest["files"].get(name):
        what = "is missing" if content is None else "was changed after training"
        raise ModelError(
            f"{name} of model {version} of {problem} {what} and is refused. "
            "Restore it or train again."
        )
    return content


def _version(
    content: bytes, calibration: Calibration, definition: dict[str, Any], fingerprint: str
) -> str:
    parts = [
        _sha256(content),
        json.dumps(vars(calibration), sort_keys=True),
        definition_hash(definition),
        fingerprint,
    ]
    return _sha256("\n".join(parts).encode())[:VERSION_LENGTH]


def _seal(manifest: dict[str, Any]) -> str:
    """sha256 of the manifest without its own seal."""
    rest = {k: v for k, v in manifest.items() if k != "sha256"}
    return _sha256(json.dumps(rest, sort_keys=True).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _folder(problem: str, lake: Lake, version: str) -> str:
    return f"{lake.root}/models/{problem}/{version}"
