"""What an applicant is told of each factor: the ``[reasons]`` of a problem file.

A factor is a feature, or a column that the dollars read; what is derived from factors alone moves
with them and is none itself. Each has a sentence, or one for each side of the usual value that
speaks against an application; on a side without a sentence it is no reason. Factors that share a
sentence are one reason. A key may end with ``*`` and speak for every factor that begins so.
"""

from collections.abc import Collection, Iterator, Mapping

from truerisk.problem.expression import columns_of
from truerisk.problem.names import derived_order, feature_names
from truerisk.problem.notice import ALONE, Reason
from truerisk.problem.spec import Features, Problem
from truerisk.wording.lists import listed

REST = "*"
SHOWN = 3  # lines that one message writes out


def said_of(reasons: Mapping[str, Reason], factor: str) -> Reason | None:
    """What the file says of a factor: under its own name, else under the longest that begins it."""
    if factor in reasons:
        return reasons[factor]
    starts = [k for k in reasons if k.endswith(REST) and factor.startswith(k[: -len(REST)])]
    return reasons[max(starts, key=len)] if starts else None


def beside(reasons: Mapping[str, Reason], factor: str, sentence: str) -> list[str]:
    """The other factors of which a sentence speaks by name, and that must be there for it to be
    true: they have it on some side, and not where they are missing."""
    return [
        other
        for other, said in reasons.items()
        if other != factor
        and not other.endswith(REST)
        and sentence in (said.text, said.low, said.high, said.other)
        and sentence != said.at("missing")
    ]


def factors(
    features: Features, priced: Collection[str], known: Collection[str] | None = None
) -> dict[str, list[str]]:
    """Factor → the derived features that move with it, in the order they are computed in.

    ``priced`` are the columns that money reads; ``known`` (all) those that have a usual value.
    """
    derived = features.derived
    columns = dict.fromkeys(c for c in feature_names(features) if c not in derived)
    every = {c.lower() for c in (*columns, *derived)}
    columns |= dict.fromkeys(c for c in priced if c.lower() not in every)
    found: dict[str, list[str]] = {c: [] for c in columns if known is None or c in known}
    behind = {c.lower(): {c} for c in found}  # a column → the factors it is made of
    for name in derived_order(features):
        read = {c.lower() for c in columns_of(derived[name].sql)}
        if read <= behind.keys():
            behind[name.lower()] = set().union(*(behind[c] for c in read))
            for factor in behind[name.lower()]:
                found[factor].append(name)
        elif known is None or name in known:
            found[name], behind[name.lower()] = [], {name}
    return found


def priced_columns(problem: Problem) -> list[str]:
    """The columns that the dollars of the actions read, in the order of the file."""
    sides = [sql for a in problem.actions.values() for sql in (a.if_event, a.if_no_event)]
    return list(dict.fromkeys(c for sql in sides for c in sorted(columns_of(sql))))


def without_sentence(problem: Problem) -> Iterator[tuple[str, str]]:
    """(place, what is missing) where the file tells applicants why, and not of every factor."""
    if not problem.reasons and problem.notice is None:
        return
    if REST in problem.reasons:
        yield "reasons", 'has "*", which tells nobody why; name what the factors begin with'
    every = factors(problem.features, priced_columns(problem))
    silent = [f for f in every if said_of(problem.reasons, f) is None]
    if silent:
        lines = [line_of(factor) for factor in silent[:SHOWN]]
        more = f" and so for {len(silent) - SHOWN} more" if len(silent) > SHOWN else ""
        yield (
            "reasons",
            f"has no sentence for {listed(silent[:SHOWN])}{more}; an applicant may be declined "
            f"for it, so write under [reasons] {' and '.join(lines)}",
        )
    for factor in every:
        said = said_of(problem.reasons, factor)
        if said is None or said.alone is not None:
            continue
        for sentence in dict.fromkeys(s for s in (said.text, said.low, said.high, said.other) if s):
            own = beside(problem.reasons, factor, sentence)
            missing = [other for other in own if other in every and _may_be_missing(problem, other)]
            if missing:
                yield (
                    f"reasons.{factor}",
                    f"shares a sentence with {listed(missing)}, which may be missing: whoever gave "
                    "none would be told what it is like; write under [reasons] "
                    f"{line_of(factor, ALONE)}",
                )


def _may_be_missing(problem: Problem, factor: str) -> bool:
    """Whatever is no column of the application that dollars read, or that its contract calls never
    null."""
    contract = problem.applications.contract
    made = set(feature_names(problem.features)) - set(problem.features.columns)
    sure = factor in contract and not contract[factor].nullable
    return factor in made or not (sure or factor in priced_columns(problem))


def line_of(factor: str, side: str = "") -> str:
    """The line that gives a factor its sentence, or that of one side."""
    plain = factor.replace("_", "").isalnum() and factor.isascii()
    name = factor if plain else '"' + factor.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f'{name}{"." if side else ""}{side} = "Say it as the applicant will read it"'
