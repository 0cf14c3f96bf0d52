"""Evidence is whole by itself: checked without the lake, and a changed byte anywhere is named."""

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from truerisk.cli import app
from truerisk.decisions.batch import plan_batch, score
from truerisk.decisions.contests import Answer, decide_contest, open_contest
from truerisk.decisions.decide import decide
from truerisk.decisions.evidence.packing import read
from truerisk.decisions.evidence.rows import as_json, from_json, links_of, text
from truerisk.decisions.evidence.verify import verify_evidence
from truerisk.decisions.evidence.write import evidence, seal, write_evidence
from truerisk.decisions.ledger import commit
from truerisk.decisions.lookup import decision_of
from truerisk.errors import LakeError, ProblemError, RegistryError
from truerisk.features.definitions import definition
from truerisk.lake import chain
from truerisk.lake.lake import Lake
from truerisk.lake.problem_files import keep, kept_problem, problem_version
from truerisk.models.calibration import Calibration
from truerisk.models.package import Model, save
from truerisk.models.scorecard import ScorecardModel
from truerisk.problem.notice import Reason
from truerisk.problem.spec import Problem
from truerisk.registry.approval import submit
from truerisk.registry.verify import sentence, verify

Make = Callable[..., Any]
CARD = {
    "amount": {"edges": [10_000.0, 20_000.0], "points": [10, 0, -10], "missing": 0},
    "age": {"edges": [30.0], "points": [-30, 10], "missing": 0},
}


@pytest.fixture
def problem(lender: Make) -> Problem:
    return lender(
        {"dollars_per_day": 1e9, "cap": 0.3, "design": "uniform"},
        features={"columns": ["amount", "age"]},
        application={"decide_from": "2025-03-01"},
        reasons={"amount": {"high": "You asked for much"}, "age": {"low": "You are young"}},
        contest={"answer_within": "30d"},
    )


@pytest.fixture
def decided(lake: Lake, problem: Problem, make_scored: Make) -> pd.DataFrame:
    rows = make_scored(80).drop(columns="score")
    rows = rows.rename(columns={"subject": "customer_id", "as_of": "applied_at"})
    lake.append("applications", rows, "application_id")
    model = Model(
        name="scorecard",
        fitted=ScorecardModel(1.6, 20, CARD),
        calibration=Calibration(0.1, 0.9),
        features=["amount", "age"],
        definition=definition(problem),
        fingerprint="f" * 64,
        reference={"amount": 15_000.0, "age": 40.0},
        kinds={"amount": "number", "age": "number"},
        fitted_keys=b"12345" * 3,
    )
    version = save(problem.name, lake, model, {})
    submit(problem.name, lake, version, "a run", "r" * 16, None, {"gate": []})
    batch = plan_batch(problem, lake, version)
    made = decide(problem, [score(problem, lake, batch)], batch)
    commit(problem, lake, made)
    return made


@pytest.fixture
def own(lake: Lake, problem: Problem, decided: pd.DataFrame) -> str:
    rows = decided["action"].eq("decline") & decided["rule"].isna()
    made = str(decided.loc[rows, "decision_id"].iloc[0])
    open_contest(problem, lake, made, "As I see it", "Tom Lee", ["A payslip"])
    decide_contest(
        problem, lake, made, Answer(outcome="upheld", by="Ana Ruiz", because="Nothing is new")
    )
    return made


@pytest.fixture
def folder(lake: Lake, problem: Problem, own: str, tmp_path: Path) -> Path:
    """Evidence written out; the lake is gone."""
    write_evidence(evidence(problem, lake, own), str(tmp_path / "made"))
    os.rename(lake.root, tmp_path / "elsewhere")
    return tmp_path / "made"


def test_it_holds_everything_and_is_whole_without_a_lake(
    folder: Path, own: str, decided: pd.DataFrame
) -> None:
    found = verify_evidence(str(folder))
    assert found.faults == [] and len(found.held) == 10 and len(found.beyond) == 1
    read = {p.name: json.loads(p.read_bytes()) for p in folder.glob("*.json")}
    row = decided.set_index("decision_id").loc[own]
    kept = read["decision.json"]["rows"][0]
    assert set(decided.columns) <= kept.keys() and kept["score"] == row["score"]
    inputs = read["inputs.json"]["applications"]
    assert inputs["features"] == {"amount": row["feature__amount"], "age": row["feature__age"]}
    assert inputs["version"] == json.loads(row["source_versions"])["applications"]
    said = [sentence for reason in read["reasons.json"] for sentence in reason["said"]]
    assert said and set(said) <= {"You asked for much", "You are young"}
    assert read["policy.json"]["policy_version"] == row["policy_version"]
    people = read["people.json"]
    assert [e["event"] for e in people["registry"]["rows"]] == ["submitted"]
    assert [e["event"] for e in people["contests"]["rows"]] == ["opened", "decided"]


@pytest.mark.slow
def test_it_tells_of_nobody_else(folder: Path, own: str, decided: pd.DataFrame) -> None:
    """Neither of other applicants nor of whom the model learned from."""
    content = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    others = decided[decided["decision_id"] != own]
    for column in ("application_id", "subject", "decision_id"):
        assert not [v for v in others[column] if str(v).encode() in content]
    assert not list(folder.rglob("fitted_keys*"))


@pytest.mark.slow
def test_a_changed_byte_anywhere_is_named(folder: Path) -> None:
    rng = np.random.default_rng(0)
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    assert len(files) == 10
    for file in files:
        content = file.read_bytes()
        for at in rng.integers(0, len(content), 6):
            changed = bytearray(content)
            changed[at] ^= 1
            file.write_bytes(changed)
            try:
                faults = verify_evidence(str(folder)).faults
            except LakeError as error:  # a manifest that is no JSON any more
                faults = [str(error)]
            assert any(file.relative_to(folder).as_posix() in f for f in faults), (file, at)
        file.write_bytes(content)
    (folder / "more.txt").write_text("x")
    assert verify_evidence(str(folder)).faults == ["more.txt was added"]
    (folder / "more.txt").unlink()
    (folder / "nothing").mkdir()
    (folder / "link").symlink_to(folder.parent)
    assert verify_evidence(str(folder)).faults == [
        "link is no file of its own",
        "nothing was added, an empty folder",
    ]
    (folder / "link").unlink()
    (folder / "nothing").rmdir()
    (folder / "people.json").rename(folder.parent / "people.json")
    assert verify_evidence(str(folder)).faults == ["people.json is missing"]


def rewritten(folder: Path, name: str, change: Callable[[Any], object]) -> list[str]:
    """What is found where somebody changed a file and hashed everything anew."""
    file, whole = folder / name, folder / "manifest.json"
    kept = {p: p.read_bytes() for p in (file, whole)}
    said, manifest = json.loads(kept[file]), json.loads(kept[whole])
    change(said)
    file.write_bytes(text(said))
    manifest["files"][name] = hashlib.sha256(text(said)).hexdigest()
    whole.write_bytes(text(manifest | {"sha256": seal(manifest)}))
    faults = verify_evidence(str(folder)).faults
    for path, before in kept.items():
        path.write_bytes(before)
    return faults


@pytest.mark.slow
def test_who_hashes_anew_is_found_by_the_model_the_chances_and_the_chains(folder: Path) -> None:
    def row(**changed: Any) -> Callable[[Any], object]:
        return lambda said: said["rows"][0].update(changed)

    assert "the model scores" in rewritten(folder, "decision.json", row(score=0.25))[0]
    assert "the model scores" in rewritten(folder, "decision.json", row(feature__age=20.0))[0]
    assert any("sum to" in f for f in rewritten(folder, "decision.json", row(p_approve=0.9)))
    hashed = ["decision_id of decision.json is not the hash of problem and key"]
    assert hashed[0] in rewritten(folder, "decision.json", row(decision_id="0" * 20))
    assert hashed[0] in rewritten(folder, "decision.json", row(application_id="A1"))
    for change, says in (
        ({"expected_value": 1.0}, "expected_value is not what score and dollars"),
        ({"own_action": "approve"}, "own_action does not have the best dollars"),
        ({"rule": "a rule of nobody"}, "the rule that decided is none of the policy"),
        ({"explored": True}, "action and own_action do not say"),
        ({"exploration_rate": 1.0}, "explored is not what the draw says"),
    ):
        assert any(f.startswith(says) for f in rewritten(folder, "decision.json", row(**change)))
    drawn = "exploration_u is not the draw of this application"
    assert drawn in rewritten(folder, "decision.json", row(exploration_u=0.5))
    same = ["policy.json and decision.json do not say the same"]
    assert same == rewritten(folder, "policy.json", lambda x: x["logged"].update(p_approve=0.9))

    def harder(said: Any) -> None:
        said["problem"]["rules"][0]["when"] = "age < 99"

    assert "the problem file that is enclosed has" in rewritten(folder, "policy.json", harder)[0]
    other = json.dumps([{"rule": "a rule of nobody"}])
    strange = "reasons.json has a reason that the problem file does not have"
    assert strange in rewritten(folder, "decision.json", row(reasons=other))
    gone = rewritten(folder, "policy.json", lambda x: x["problem"]["reasons"].pop("age"))
    assert "reasons has no sentence for age" in gone[0]
    for name, change in (
        ("reasons.json", lambda said: said[0]["said"].append("And more")),
        ("inputs.json", lambda said: said["applications"].update(version=7)),
    ):
        assert rewritten(folder, name, change) == [f"{name} and decision.json do not say the same"]
    cut = "link 0 of the registry does not follow the one before"
    assert rewritten(folder, "registry_chain.json", lambda said: said[0].update(chain_at=1)) == [
        cut
    ]
    other = "link 0 of the registry's events is none of its chain"
    lost = rewritten(folder, "registry_chain.json", lambda said: said[0].update(chain_hash="0"))
    assert lost == [other]

    def softer(said: Any) -> None:
        said["contests"]["rows"][1]["because"] = "He was rude"

    assert rewritten(folder, "people.json", softer) == ["link 1 of contests does not have its hash"]


@pytest.mark.slow
def test_an_archive_says_the_same_and_nothing_is_overwritten(
    lake: Lake, problem: Problem, own: str, tmp_path: Path
) -> None:
    files = evidence(problem, lake, own)
    place = tmp_path / "made.zip"
    write_evidence(files, str(place))
    assert verify_evidence(str(place)).faults == []
    first = place.read_bytes()
    with pytest.raises(LakeError, match="never overwritten"):
        write_evidence(files, str(place))
    write_evidence(evidence(problem, lake, own), str(tmp_path / "again.zip"))
    assert (tmp_path / "again.zip").read_bytes() == first
    place.write_bytes(b"no archive")
    for nothing in (place, tmp_path / "nowhere"):
        with pytest.raises(LakeError, match="is no evidence"):
            verify_evidence(str(nothing))
    with pytest.raises(RegistryError, match="has no decision of that id"):
        evidence(problem, lake, "nobody")


@pytest.mark.slow
def test_a_changed_byte_of_an_archive_is_found_wherever_it_is(
    lake: Lake, problem: Problem, own: str, tmp_path: Path
) -> None:
    place = tmp_path / "made.zip"
    write_evidence(evidence(problem, lake, own), str(place))
    content = place.read_bytes()
    rng = np.random.default_rng(1)
    every = [*rng.integers(0, len(content), 40), *range(-90, -1, 7), 7, 11, 31]
    for at in every:
        changed = bytearray(content)
        changed[at] ^= 1
        found(place, bytes(changed), "")
    found(place, content + b"x", "not packed as it was written|no evidence")
    found(place, content[:-1], "no evidence")


def found(place: Path, content: bytes, says: str) -> None:
    place.write_bytes(content)
    try:
        faults = verify_evidence(str(place)).faults
    except LakeError as error:
        faults = [str(error)]
    assert faults and re.search(says, faults[0])


@pytest.mark.slow
def test_an_archive_that_was_packed_anew_names_what_was_changed(
    lake: Lake, problem: Problem, own: str, tmp_path: Path
) -> None:
    files, place = evidence(problem, lake, own), tmp_path / "made.zip"
    for name, content, says in (
        ("reasons.json", b"[]", ["reasons.json was changed", "the archive is not packed as"]),
        ("more.txt", b"x", ["more.txt was added", "the archive is not packed as"]),
        ("people.json", None, ["people.json is missing", "the archive is not packed as"]),
        ("README.txt", files["README.txt"], ["the archive is not packed as"]),
    ):
        with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
            for each, held in (files | {name: content}).items():
                if held is not None:
                    archive.writestr(each, held)
        faults = verify_evidence(str(place)).faults
        assert len(faults) == len(says) and all(map(str.startswith, faults, says)), faults


def test_rows_keep_what_a_chain_hashes_whatever_their_types() -> None:
    rows = pa.table(
        {
            "decision_id": ["a", None],
            "small": pa.array([1, None], pa.int32()),
            "half": pa.array([0.1, None], pa.float32()),
            "exact": pa.array([Decimal("7.50"), None]),
            "day": pa.array([date(2026, 1, 2), None]),
            "at": pa.array(
                [datetime(2026, 1, 2, 3, 4, 5, 6, UTC), None], pa.timestamp("us", "UTC")
            ),
            "yes": [True, None],
            "nothing": pa.nulls(2),
        }
    )
    sealed, _ = chain.link(chain.Head(-1, ""), rows, "decision_id")
    again = from_json(json.loads(text(as_json(sealed, "decision_id"))))
    assert links_of(again, "decision_id") == (1, [], [])
    assert again["half"][0].as_py() == sealed["half"][0].as_py()


def test_of_links_that_are_not_here_whole_nothing_is_claimed() -> None:
    """Verdicts that were given in one breath are one link, and evidence has one of them."""
    before, made = chain.Head(-1, ""), []
    for ids in (["a"], ["b", "c"], ["d"]):
        sealed, before = chain.link(before, pa.table({"decision_id": ids}), "decision_id")
        made.append(sealed)
    rows = pa.concat_tables(made)
    assert links_of(rows, "decision_id") == (3, [], [])
    assert links_of(rows.slice(2), "decision_id") == (1, [], [1])
    changed = rows.set_column(0, "decision_id", pa.array(["z", "b", "c", "d"]))
    assert links_of(changed, "decision_id") == (2, [0], [])
    assert links_of(from_json(as_json(rows, "decision_id")), "decision_id") == (3, [], [])


def test_an_archive_with_a_name_that_points_out_of_it_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "made.zip"
    for name in ("../out.txt", "/out.txt", "a/../../out.txt", "a//b", "./a", "C:out.txt", "a\\b"):
        with zipfile.ZipFile(place, "w") as archive:
            archive.writestr(name, "harmless")
        with pytest.raises(LakeError, match="points out of it or is no plain name"):
            verify_evidence(str(place))
    assert os.listdir(tmp_path) == ["made.zip"]
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", "{}")
    with pytest.raises(LakeError, match=r"manifest\.json of this evidence is missing or damaged"):
        verify_evidence(str(place))


@pytest.mark.parametrize("name", ["made", "made.zip"])
def test_what_cannot_be_written_whole_is_not_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"a.txt": b"1", "b/c.txt": b"2"}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for call in ("pathlib.Path.write_bytes", "os.rename"):
        with monkeypatch.context() as broken:
            broken.setattr(call, full)
            with pytest.raises(LakeError, match="cannot be written"):
                write_evidence(files, str(tmp_path / name))
        assert os.listdir(tmp_path) == []
    write_evidence(files, str(tmp_path / "in" / name))
    assert read(str(tmp_path / "in" / name)) == (files, [])
    (tmp_path / name).symlink_to(tmp_path / "nowhere")
    with pytest.raises(LakeError, match="is there already"):
        write_evidence(files, str(tmp_path / name))


def test_the_policy_of_an_old_decision_is_that_of_its_day(
    lake: Lake, problem: Problem, own: str, tmp_path: Path
) -> None:
    """Whatever the file says today; and every commit keeps a file once."""
    sentences = {"amount": Reason(high="Other words"), "age": Reason(low="Other words")}
    changed = problem.model_copy(update={"rules": problem.rules[:1], "reasons": sentences})
    was = evidence(problem, lake, own)
    assert evidence(changed, lake, own) == was
    write_evidence(was, str(tmp_path / "made"))
    assert verify_evidence(str(tmp_path / "made")).faults == []
    folder = Path(lake.root, "models", problem.name)
    [file] = folder.glob("problem-*.json")
    keep(problem, lake)
    assert problem_version(changed) != problem_version(problem) == file.stem[len("problem-") :]
    kept = kept_problem(lake, problem.name, problem_version(problem))
    assert kept.model_dump() == problem.model_dump() and problem_version(kept) in file.name
    assert not any(v.breaks for v in verify(lake))
    whole = file.read_bytes()
    for damage in (whole.replace(b"You are young", b"You are black"), whole[:50], b"[]", b""):
        file.write_bytes(damage)
        with pytest.raises(LakeError, match="is missing or was changed: it is the problem file"):
            evidence(problem, lake, own)
        said = sentence(lake, verify(lake))
        assert "which made 80 decisions, is missing or was changed" in said
    keep(problem, lake)  # the next commit writes again what was damaged
    assert file.read_bytes() == whole and evidence(problem, lake, own) == was


@pytest.mark.slow
def test_a_decision_older_than_kept_files_needs_its_own(
    lake: Lake, problem: Problem, own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = decision_of(problem, lake, own)
    old = {**found, "problem_version": None}
    monkeypatch.setattr("truerisk.decisions.evidence.write.decision_of", lambda *_: old)
    changed = problem.model_copy(update={"rules": problem.rules[:1]})
    with pytest.raises(ProblemError, match=r"policy [0-9a-f]{12} decided, before files were kept"):
        evidence(changed, lake, own)
    assert "policy.json" in evidence(problem, lake, own)


@pytest.mark.slow
def test_the_command_writes_and_checks(
    lake: Lake, problem: Problem, own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("truerisk.commands.people.find", lambda name: problem)
    place = str(tmp_path / "made")
    words = ["evidence", own, "--problem", "small", "--lake", lake.root, "--to", place]
    assert f"Evidence of {own}: {place} (10 files" in CliRunner().invoke(app, words).output
    done = CliRunner().invoke(app, ["evidence", "--verify", place])
    assert done.exit_code == 0 and "bit for bit" in done.output
    (tmp_path / "made" / "reasons.json").write_text("[]")
    done = CliRunner().invoke(app, ["evidence", "--verify", place])
    assert "reasons.json was changed" in str(done.exception)
