"""The page that a model of several outcomes is approved from: what acting by it adds, to whom."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from truerisk.evaluation.outcomes import Judged
from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Block, Bullets, Code, Table, Text
from truerisk.reports.kit.page import Section, page
from truerisk.reports.monitor.outcomes import beside_none, who_first
from truerisk.wording.numbers import day


def outcomes_train_page(problem: Problem, found: Judged, about: Mapping[str, Any]) -> str:
    """The report of one training run as a self-contained page.

    ``about``: version, known_at, command, fingerprint, run and code.
    """
    instead, version = list(problem.outcomes)[-1], str(about["version"])
    own = found.table[
        found.table["model"].eq(found.chosen) | found.table["policy"].eq(found.table["model"])
    ]
    many = f"{found.chosen} does"
    return page(
        f"{problem.name}: approve model {version}?",
        f"{problem.description} Known as of {day(pd.Timestamp(about['known_at']))}.",
        lambda: [Text(f"{found.verdict} {found.gate[0].upper()}{found.gate[1:]}."), _gate(found)],
        [
            Section(f"Beside “{instead}” for all", lambda: beside_none(own, instead, many)),
            Section("Whom the scores put first", lambda: who_first(found.curves)),
            Section("What was judged", lambda: [Bullets(_how(found))]),
            Section("Decide", lambda: _decide(problem, found, about)),
        ],
    )


def _gate(found: Judged) -> Table:
    rows = [
        {
            "Gate": c.name,
            "Asked": c.asked,
            "Seen": c.seen,
            "Passed": "yes" if c.passed else "no",
        }
        for c in found.checks
    ]
    return Table(pd.DataFrame(rows))


def _how(found: Judged) -> list[str]:
    return [
        "Judged are later applications of subjects that nothing was fitted or calibrated on. "
        "“What ran” is what was done with them.",
        f"{found.chosen} was chosen on the same rows, as the policy that adds most dollars there; "
        "with candidates that are alike its figures are a little too good.",
        "The submitted model is fitted again on all mature outcomes by the same recipe.",
        "Drift, groups and reasons are not judged for several outcomes.",
    ]


def _decide(problem: Problem, found: Judged, about: Mapping[str, Any]) -> list[Block]:
    name, version = problem.called, about["version"]
    override = " --override" if any(not c.passed for c in found.checks) else ""
    facts = {
        "Model version": version,
        "Candidate": found.chosen,
        "Data fingerprint": about["fingerprint"],
        "Run": about["run"] or "outside a flow",
        "Code": about["code"] or "not recorded",
    }
    return [
        Table(pd.DataFrame({"What": list(facts), "Value": [str(v) for v in facts.values()]})),
        Code(str(about["command"])),
        Text("The first command prints this page's hash; approval quotes it."),
        Code(
            f"truerisk report --problem {name} {version}\n"
            f'truerisk approve --problem {name} {version} --by "your name" '
            f'--because "your reason" --report-hash HASH{override}'
        ),
    ]
