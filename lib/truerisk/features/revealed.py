"""Which outcomes our own decisions revealed, and with which chance: what makes a label one."""

import pandas as pd

from truerisk.columns import DRAWN, DRAWN_CHANCE, chance_of
from truerisk.errors import SourceError
from truerisk.features.labels import TAKEN
from truerisk.lake.former_actions import with_former_actions
from truerisk.lake.overrides import by_hand
from truerisk.lake.pins import pin
from truerisk.lake.reviews import reviewed
from truerisk.lake.sources.sources import Sources
from truerisk.lake.sticky import with_chances_held
from truerisk.lake.tables import contests_of, ledger, verdicts_of
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted

UNTOLD = "__untold"  # an outcome of which nobody says what was done


def revealed(frame: pd.DataFrame, sources: Sources, known_at: pd.Timestamp) -> pd.DataFrame:
    """Add the logged chances; an outcome that our own decision did not reveal is no label.

    Where people review the chance is that of the decision and of the audit, πq, and the decision's
    own stands beside it, as what a log's draws are checked by. What a person put
    in place of the decision is no draw of the policy's: nor is its outcome. Where actions show
    outcomes of their own, what was done (``shown``, ``chance``) and p_<action> stand beside it.
    """
    problem, lake, versions = sources.problem, sources.lake, sources.versions
    table = ledger(problem.name)
    several = len(problem.outcomes) > 1
    if several:
        frame = frame.assign(**{name: None for name in TAKEN if name not in frame})
    version = versions.get(table, lake.version(table))
    if version is None:
        return _told(problem, frame.assign(p_reveal=float("nan")))
    versions[table] = version
    decided = with_chances_held(lake.read(table, int(version)))
    then = with_former_actions(problem, lake, decided)
    for told in (contests_of(problem.name), verdicts_of(problem.name)):
        if (said := pin(lake, told, versions)) is not None:
            versions[told] = said
    verdicts = versions.get(verdicts_of(problem.name))
    review = reviewed(then, lake, decided, known_at, verdicts)  # type: ignore[arg-type]
    done = frame.set_index(problem.key)[TAKEN[0]] if TAKEN[0] in frame else None
    hand = by_hand(then, lake, decided, known_at, review, versions, done)
    hidden = ~decided["action"].isin(then.revealing) | hand.notna()
    if then.reviews:
        hidden |= decided["action"].isin(then.reviews) & ~review["passes"]
        decided[DRAWN] = decided["action"].isin(then.revealing)
        decided[DRAWN_CHANCE] = decided["p_reveal"]
        decided["p_reveal"] *= review["q"].fillna(1.0)
    kept = ["hidden", "p_reveal", *([DRAWN, DRAWN_CHANCE] if then.reviews else [])]
    if several:  # what nobody was given had a chance too
        kept += [c for c in map(chance_of, problem.actions) if c in decided]
    ours = decided.assign(hidden=hidden).set_index(problem.key)
    frame = frame.join(ours[kept], on=problem.key)
    for name, logged in zip(TAKEN, ("action", "propensity"), strict=True):
        if name in frame:  # of our own decisions the ledger says it
            own = frame[problem.key].map(ours[logged])
            frame[name] = own.where(own.notna(), frame[name])
    hidden = frame.pop("hidden").eq(True)
    return _told(problem, frame.assign(event=frame["event"].mask(hidden)))


def _told(problem: Problem, frame: pd.DataFrame) -> pd.DataFrame:
    """Where actions show outcomes of their own, what followed an unknown one is no label."""
    if len(problem.outcomes) == 1:
        return frame
    chance = frame["chance"].astype("float64")
    told = frame["shown"].isin(problem.revealing) & chance.gt(0) & chance.le(1)
    untold = frame["event"].notna() & ~told
    return frame.assign(chance=chance, event=frame["event"].where(told), **{UNTOLD: untold})


def refuse_untold(problem: Problem, frame: pd.DataFrame) -> None:
    """SourceError where outcomes are known, and of none what was done."""
    if UNTOLD not in frame:
        return
    untold = int(frame.pop(UNTOLD).sum())
    if untold and frame["event"].isna().all():
        raise SourceError(
            f"{problem.where}: of {counted(untold, 'outcome')} none says which action was taken "
            "and with which chance; write outcome.action and outcome.chance, the columns of "
            f'source "{problem.outcome.source}" that do.'
        )
