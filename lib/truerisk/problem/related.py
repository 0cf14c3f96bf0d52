"""What actions, reviews and exploration say of each other, and where they contradict themselves."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from truerisk.problem.actions import OF_REVIEW
from truerisk.problem.exploration import MOST
from truerisk.wording.lists import listed, one_of

if TYPE_CHECKING:
    from truerisk.problem.spec import Problem

OF_SEVERAL = ("response", "uplift")  # candidates with a score per outcome
Contradiction = tuple[str, str]  # a path in the file, and what is wrong there


def contradictions(problem: "Problem") -> Iterator[Contradiction]:
    """Every contradiction, the path first."""
    actions = problem.actions
    if not problem.revealing:
        yield "actions", "have none with reveals = true, so that no outcome would ever be seen"
    if len(actions) == 1:
        yield "actions", "must have at least two actions to choose between"
    elif len(problem.limited) == len(actions):
        yield (
            "actions",
            "all have a capacity; one must take what the others cannot: leave its capacity out",
        )
    yield from _outcomes(problem)
    yield from _candidates(problem)
    yield from _reviews(problem)
    yield from _exploration(problem)
    for i, rule in enumerate(problem.rules):
        if rule.action not in actions:
            yield f"rules[{i}].action", f'is "{rule.action}"; allowed: {one_of(actions)}'


def _outcomes(problem: "Problem") -> Iterator[Contradiction]:
    """Every revealing action but one must say which outcome it shows."""
    actions, shows = problem.actions, problem.revealing
    for name in shows:
        other = actions[name].same_outcome_as
        if other is None:
            continue
        path, roots = f"actions.{name}.same_outcome_as", [a for a in shows if a != name]
        if other not in roots:
            yield path, f'is "{other}"; the other actions that reveal are {one_of(roots)}'
        elif actions[other].same_outcome_as:
            yield path, f'is "{other}", which has the outcome of another; name that one'
    pointed = {actions[name].same_outcome_as for name in shows}
    unsaid = [
        name
        for name in shows
        if not (actions[name].same_outcome_as or actions[name].own_outcome or name in pointed)
    ]
    if len(shows) > 1 and (len(unsaid) > 1 or (unsaid and len(pointed) > 1)):
        one, other = unsaid[-1], next(name for name in shows if name != unsaid[-1])
        yield (
            f"actions.{one}",
            f"reveals, as {other} does, and nothing says how their outcomes relate; write "
            f'same_outcome_as = "{other}" in [actions.{one}] where both show the same one (fraud '
            "is fraud, reviewed or not), or own_outcome = true where each has its own (bought "
            "when contacted, bought when not)",
        )


def _candidates(problem: "Problem") -> Iterator[Contradiction]:
    """Candidates of several outcomes need several."""
    of_several = [name for name in problem.candidates.chosen if name in OF_SEVERAL]
    if of_several and len(problem.outcomes) < 2:
        yield (
            f"candidates.{of_several[0]}",
            "needs actions with outcomes of their own, own_outcome = true, and these show one "
            "outcome; write [candidates.boosting]",
        )
    if (problem.outcome.action is None) != (problem.outcome.chance is None):
        yield (
            "outcome",
            'needs both or neither of action and chance; write action = "…", the column of the '
            'action that was taken, and chance = "…", of its probability before the draw',
        )


def _half_reviews(problem: "Problem") -> Iterator[Contradiction]:
    """Parts of a review without the others, with the lines that this problem's actions make."""
    plain = [name for name, action in problem.actions.items() if not action.is_review]
    shown = [name for name in plain if name in problem.revealing]
    hidden = [name for name in plain if name not in problem.revealing]
    both = [*shown[:1], *hidden[:1]]
    for name, action in problem.actions.items():
        given = [key for key in OF_REVIEW if getattr(action, key) is not None]
        if given and not action.verdicts:
            line = ", ".join(f'{to} = "{to}"' for to in both if to != name)
            yield (
                f"actions.{name}",
                f"has {listed(given)} and no verdicts; only what a person reviews has them: write "
                f"verdicts = {{ {line} }}, or leave {'it' if len(given) == 1 else 'them'} out",
            )
        lines = {"within": "1d", "late": (hidden or plain or [name])[0], "audit": 0.05}
        for key, value in lines.items():
            if action.verdicts and key not in given:
                line = json.dumps(value)
                yield f"actions.{name}", f"has verdicts and no {key}; write {key} = {line}"


def _reviews(problem: "Problem") -> Iterator[Contradiction]:
    yield from _half_reviews(problem)
    actions = problem.actions
    outcome_of = {a: name for name, all_ in problem.outcomes.items() for a in all_}
    for name in problem.reviews:
        review, path = actions[name], f"actions.{name}"
        if not review.reveals:
            yield f"{path}.reveals", "is false, and a review lets those that it passes be seen"
            continue
        becomes = {f"verdicts.{verdict}": to for verdict, to in review.verdicts.items()}
        for key, to in {**becomes, "late": str(review.late)}.items():
            others = [a for a in actions if not actions[a].is_review]
            if to not in others:
                yield f"{path}.{key}", f'is "{to}"; a verdict becomes one of {one_of(others)}'
                return
            if actions[to].reveals and outcome_of[to] != outcome_of[name]:
                yield (
                    f"{path}.{key}",
                    f'is "{to}", which shows another outcome than {name}; write same_outcome_as = '
                    f'"{to}" in [{path}]',
                )
        kinds = {actions[to].reveals for to in review.verdicts.values()}
        if len(kinds) < 2:
            yield (
                f"{path}.verdicts",
                f"all become {one_of(set(review.verdicts.values()))}; a person must be able to "
                "pass and to decline: name an action that reveals and one that hides",
            )


def _exploration(problem: "Problem") -> Iterator[Contradiction]:
    entries, actions = problem.exploration, problem.actions
    hides = [name for name in actions if name not in problem.revealing]
    most = dict.fromkeys(actions, 0.0)
    for i, entry in enumerate(entries):
        path = f"exploration[{i}]"
        if entry.action not in problem.revealing:
            yield (
                f"{path}.action",
                f'is "{entry.action}"; only an action that reveals can explore: '
                f"{one_of(problem.revealing)}",
            )
            return
        if entry.sources and entry.action in entry.sources:
            yield f"{path}.from", f'names "{entry.action}", which is the action it explores'
        for name in entry.sources:
            if name not in actions:
                yield f"{path}.from", f'names "{name}"; the actions are {one_of(actions)}'
                return
        if not entry.sources and not hides:
            yield (
                f"{path}.from",
                "is missing, and no action hides the outcome; say where the policy may be left to "
                f'chance: from = ["{next(a for a in actions if a != entry.action)}"]',
            )
        for name in problem.explored_from(entry):
            most[name] += entry.most
        for j, other in enumerate(entries[:i]):
            both = set(problem.explored_from(entry)) & set(problem.explored_from(other))
            if other.action == entry.action and both:
                yield (
                    f"{path}.from",
                    f"holds {listed(sorted(both))}, as that of exploration[{j}] does, which "
                    f'explores "{entry.action}" too; keep one of them',
                )
        if entry.salt != entries[0].salt:
            yield (
                f"{path}.salt",
                "is another than exploration[0].salt; one draw serves all entries: write the same "
                "in each",
            )
    for name, total in most.items():
        if total > MOST + 1e-9:
            yield (
                "exploration",
                f'may take {total:g} of those that the policy gives "{name}" (its caps and '
                f"shares); the policy keeps half at least, so write at most {MOST:g}",
            )
