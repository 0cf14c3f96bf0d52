"""What the files of evidence say of each other, once each is as it was written."""

import json
import math
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from truerisk.columns import CHANCE, FEATURE, PRICE, SCORE, SIDES, score_of, seat_of, value_of
from truerisk.decisions.decide import decision_ids
from truerisk.decisions.evidence.packing import Files
from truerisk.decisions.evidence.rows import from_json, links_of, text
from truerisk.decisions.evidence.write import (
    CHAIN,
    DECISION,
    INPUTS,
    PEOPLE,
    POLICY,
    REASONS,
    inputs_of,
    policy_of,
    reasons_of,
)
from truerisk.decisions.exploration.explore import WORD, draw
from truerisk.decisions.policy import expected_dollars, policy_version, scores
from truerisk.decisions.reasons import UNSAID, factors_in, read
from truerisk.errors import ModelError, told
from truerisk.lake import chain
from truerisk.lake.lake import Lake
from truerisk.lake.problem_files import version_of
from truerisk.models.package import VERSION_LENGTH, Model, load
from truerisk.problem.load import problem_from
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted

CLOSE = 1e-9  # of chances that sum to one
Row = dict[str, Any]


def disagreements(files: Files, manifest: Row, held: list[str], beyond: list[str]) -> Iterator[str]:
    """What does not fit together; what does is added to ``held``, what these files alone cannot say
    to ``beyond``, in words."""
    decision = json.loads(files[DECISION])
    rows = from_json(decision)
    row = rows.to_pylist()[0]
    content = json.loads(files[POLICY])["problem"]
    problem = problem_from(content)
    yield from _whose(problem, row, manifest, held)
    yield from _scored(files, problem, row, held)
    yield from _chances(problem, row, held)
    yield from _chosen(problem, row, held)
    yield from _decided_by(problem, content, row, held)
    yield from _enclosed(files, problem, content, row, held)
    yield from _chained(files, rows, decision["key"], held, beyond)


def _whose(problem: Problem, row: Row, manifest: Row, held: list[str]) -> Iterator[str]:
    """An id is the hash of problem and key."""
    own = decision_ids(problem, pd.Series([row[problem.key]])).iloc[0]
    named = (manifest["problem"], manifest["decision_id"], manifest["model_version"])
    if own != row["decision_id"]:
        yield f"decision_id of {DECISION} is not the hash of problem and key"
    elif named != (problem.name, row["decision_id"], row["model_version"]):
        yield f"manifest.json names another decision than {DECISION}"
    else:
        held.append("the id is the hash of problem and application")


def _scored(files: Files, problem: Problem, row: Row, held: list[str]) -> Iterator[str]:
    version = str(row["model_version"])
    if not re.fullmatch(rf"[0-9a-f]{{{VERSION_LENGTH}}}", version):
        yield f"model_version of {DECISION} is no version of a model"
        return
    try:
        model = _model(files, problem, version)
    except ModelError as error:
        yield f"the model's package is not whole ({told(error)})"
        return
    frame = pd.DataFrame({f: _column(model, f, row[FEATURE + f]) for f in model.features})
    made = np.atleast_1d(model.score(frame)[0]).tolist()
    several = [score_of(outcome) for outcome in problem.outcomes] if len(made) > 1 else []
    made, logged = [made[0], *made[len(made) - len(several) :]], [row[n] for n in (SCORE, *several)]
    if made != logged:
        yield f"the model scores the features {made!r}, and the decision has {logged!r}"
    else:
        held.append("the model scores the logged features to the logged score, bit for bit")


def _model(files: Files, problem: Problem, version: str) -> Model:
    """The enclosed model, read as any package of a lake is: no code of its own is run."""
    below = f"models/{problem.name}/{version}/"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, below).mkdir(parents=True)
        for name, content in files.items():
            if name.startswith(below) and "/" not in name.removeprefix(below):
                Path(folder, name).write_bytes(content)
        return load(problem.name, Lake(folder), version)


def _column(model: Model, name: str, value: Any) -> pd.Series:
    is_text = model.kinds.get(name) == "text" or isinstance(value, str)
    return pd.Series([value], dtype="str" if is_text else "float64")


def _chances(problem: Problem, row: Row, held: list[str]) -> Iterator[str]:
    chances = {a: row[f"{CHANCE}{a}"] for a in problem.actions}
    total = math.fsum(chances.values())
    u = row.get("exploration_u")
    if abs(total - 1) > CLOSE or min(chances.values()) < -CLOSE:
        yield f"the chances of the actions sum to {total:.12g}, and must to 1, none below 0"
    elif row["propensity"] != chances[row["action"]]:
        yield "propensity is not the chance of the action that was taken"
    elif abs(row["p_reveal"] - sum(chances[a] for a in problem.revealing)) > CLOSE:
        yield "p_reveal is not the chance of what reveals"
    elif u is not None and problem.exploration and u != _draw(problem, row):
        yield "exploration_u is not the draw of this application"
    else:
        held.append("the chances sum to one and are those of the action, and the draw is its own")


def _chosen(problem: Problem, row: Row, held: list[str]) -> Iterator[str]:
    """The best dollars less the price of a seat, unless a rule or the draw took the action."""
    names, one = list(problem.actions), pd.DataFrame([row])
    sides = [np.array([[row[value_of(a, side)] for a in names]], dtype=float) for side in SIDES]
    worth = expected_dollars(scores(problem, one), (sides[0], sides[1]))[0]
    prices = [row.get(seat_of(PRICE, a)) or 0.0 for a in names]
    net = worth - np.array(prices, dtype=float)
    own, u = names.index(row["own_action"]), row.get("exploration_u")
    ruled = {rule.action for rule in problem.rules if rule.reason == row["rule"]}
    if worth[names.index(row["action"])] != row["expected_value"]:
        yield "expected_value is not what score and dollars of the action make"
    elif row["rule"] is None and net[own] < net.max() - CLOSE * max(1.0, abs(net.max())):
        yield "own_action does not have the best dollars, and no rule decided"
    elif row["rule"] is not None and not ruled:
        yield "the rule that decided is none of the policy"
    elif row["explored"] != (row["action"] != row["own_action"]):
        yield "action and own_action do not say whether it was explored"
    elif u is not None and row["explored"] != (u < row["exploration_rate"]):
        yield "explored is not what the draw says"
    else:
        held.append("the action is that of a rule, of the best dollars less prices, or of the draw")


def _draw(problem: Problem, row: Row) -> float:
    salt = problem.exploration[0].salt or problem.name
    return float(draw(salt, WORD, pd.Series([row[problem.key]]))[0])


def _decided_by(problem: Problem, content: Row, row: Row, held: list[str]) -> Iterator[str]:
    """The whole file has the hash that the decision names; of older decisions its policy has."""
    logged = row.get("problem_version")
    if logged is not None:
        made, logged, what = version_of(content), str(logged), "problem file"
    else:
        made, logged, what = policy_version(problem), str(row["policy_version"]), "policy"
    if made != logged:
        yield (
            f"the {what} that is enclosed has the version {made}, and the decision was made by "
            f"{logged}"
        )
    else:
        held.append(f"the {what} that is enclosed is {made}, which decided")


def _enclosed(
    files: Files, problem: Problem, content: Row, row: Row, held: list[str]
) -> Iterator[str]:
    """Policy, reasons and inputs are what the decision's row and the problem file make of them."""
    kept = read(row["reasons"]) if row["reasons"] else []
    rules = {rule.reason for rule in problem.rules}
    strange = any("rule" in r and r["rule"] not in rules for r in kept)
    strange |= any("capacity" in r and r["capacity"] not in problem.actions for r in kept)
    told_ = reasons_of(problem, row)
    strange |= bool(problem.reasons) and any(
        factors_in(r) and not r["said"] and UNSAID not in r for r in told_
    )
    if strange:
        yield f"{REASONS} has a reason that the problem file does not have"
    made = {REASONS: told_, INPUTS: inputs_of(problem, row), POLICY: policy_of(content, row)}
    others = [name for name, own in made.items() if files[name] != text(own)]
    for name in others:
        yield f"{name} and {DECISION} do not say the same"
    if not others and not strange:
        held.append("reasons, inputs and policy are those of the decision's row and the file")


def _chained(
    files: Files, rows: pa.Table, key: str, held: list[str], beyond: list[str]
) -> Iterator[str]:
    """Every event has the hash of its link, and the registry's links follow each other."""
    people = json.loads(files[PEOPLE])
    tables = {name: (from_json(said), said["key"]) for name, said in people.items()}
    for name, (own, own_key) in {"decision": (rows, key), **tables}.items():
        good, broken, parts = links_of(own, own_key)
        for at in broken:
            yield f"link {at} of {name} does not have its hash"
        if good:
            held.append(f"{name}: {counted(good, 'link')} as hashed")
        for at in parts:
            link = next(r for r in own.to_pylist() if r[chain.AT] == at)
            beyond.append(
                f"{name} is one of {counted(link[chain.ROWS], 'row')} of link {at}; "
                f"`truerisk verify --head {link[chain.HASH]}` asks the lake for it"
            )
    yield from _followed(json.loads(files[CHAIN]), tables["registry"][0], held)


def _followed(links: list[Row], events: pa.Table, held: list[str]) -> Iterator[str]:
    """The registry from its first link to its newest, by hashes alone."""
    for i, link in enumerate(links):
        if link[chain.AT] != i or (i and link[chain.PREVIOUS] != links[i - 1][chain.HASH]):
            yield f"link {i} of the registry does not follow the one before"
            return
    known = {link[chain.AT]: link[chain.HASH] for link in links}
    for event in events.to_pylist():
        if event.get(chain.AT) is not None and known.get(event[chain.AT]) != event[chain.HASH]:
            yield f"link {event[chain.AT]} of the registry's events is none of its chain"
            return
    if links:
        held.append(
            f"registry: {counted(len(links), 'link')} in one chain to the head "
            f"{links[-1][chain.HASH]}"
        )
