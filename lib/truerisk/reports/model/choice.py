"""Why a candidate was chosen, in words."""

from truerisk.evaluation.choice import BASELINES, LEAST_EVENTS, Choice
from truerisk.statistics.interval import Z
from truerisk.wording.lists import listed
from truerisk.wording.numbers import whole


def why_chosen(choice: Choice) -> str:
    """The rule that chose, with the figures it read: the half that chooses never judges."""
    where = (
        f"the {whole(choice.labels)} known outcomes ({whole(choice.events)} events) of the half of "
        "the holdout that chooses and does not judge"
    )
    others = [
        f"{lead.other} {choice.aucs[lead.other]:.3f} ({lead.gain:+.3f} ± {Z * lead.se:.3f}"
        f"{', within noise' if lead.noise else ''})"
        for lead in choice.leads
    ]
    beside = f"; its lead over the others: {listed(others)}" if others else ""
    found = f"AUC {choice.aucs[choice.name]:.3f} on {where}{beside}."
    if not others:
        return f"{choice.name} is the only candidate: {found}"
    if choice.name in BASELINES:
        return (
            f"{choice.name} was chosen: it leads the fuller candidates by more than noise. {found}"
        )
    if choice.few:
        return (
            f"{choice.name} was chosen as the simplest candidate that uses all inputs: fewer than "
            f"{LEAST_EVENTS} outcomes of one kind cannot rank candidates. {found}"
        )
    return (
        f"{choice.name} was chosen: the highest AUC of the candidates that use all inputs, and no "
        f"baseline leads it by more than noise. {found}"
    )
