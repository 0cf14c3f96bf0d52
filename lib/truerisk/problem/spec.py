"""The grammar of a problem file: what it may say, as models that reject everything else."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from truerisk.problem.actions import Action, Calendar, Rule
from truerisk.problem.boosting import Boosting
from truerisk.problem.exploration import Exploration, Explorations
from truerisk.problem.instant import Instant
from truerisk.problem.notice import Contest, Notice, Reason
from truerisk.problem.source import Source
from truerisk.problem.types import (
    MEMORY,
    Aggregate,
    ColumnName,
    Cron,
    Expression,
    Line,
    Name,
    Part,
    Positive,
    Text,
    Version,
)
from truerisk.problem.uplift import Uplift
from truerisk.wording.lists import one_of


class Application(Part):
    source: Name
    subject: ColumnName
    decide_from: Instant | None = None


class Outcome(Part):
    source: Name
    event: Expression
    observed: ColumnName
    horizon: Positive
    later_events_are_none: bool = False  # most events lie after the horizon, and that is meant
    action: ColumnName | None = None  # where actions show outcomes of their own: the one taken,
    chance: ColumnName | None = None  # and its probability before the draw, where decided elsewhere


class Latest(Part):
    source: Name
    by: ColumnName
    columns: list[ColumnName] = Field(min_length=1)
    max_age: Positive | None = None
    version: Version = 1


class Window(Part):
    source: Name
    by: ColumnName
    over: list[Positive] = Field(min_length=1)
    compute: list[Aggregate] = Field(min_length=1)
    version: Version = 1


class Derived(Part):
    """A SQL expression over columns and other features; written as a text when it is version 1."""

    sql: Expression
    version: Version = 1

    @model_validator(mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        return value if isinstance(value, dict | Derived) else {"sql": value}


class Features(Part):
    columns: list[ColumnName] = []
    derived: dict[Name, Derived] = {}
    latest: list[Latest] = []
    window: list[Window] = []


class Prior(Part):
    """The event rate for everyone: what any model must beat."""


class SingleFeature(Part):
    """The one feature that ranks best, in bins."""

    bins: int = Field(8, ge=2, le=20)


class Scorecard(Part):
    """Binned logistic regression with integer points."""

    bins: int = Field(8, ge=2, le=20)
    points_to_double_odds: int = Field(20, ge=5, le=100)


class Candidates(Part):
    prior: Prior | None = None
    single_feature: SingleFeature | None = None
    scorecard: Scorecard | None = None
    boosting: Boosting | None = None
    response: Boosting | None = None
    uplift: Uplift | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.chosen:
            raise ValueError(f"needs at least one of {one_of(type(self).model_fields)}")
        return self

    @property
    def chosen(self) -> dict[str, Part]:
        """Name → parameters of the candidates the file asks for."""
        return {n: getattr(self, n) for n in type(self).model_fields if getattr(self, n)}


class Training(Part):
    window: Positive = timedelta(days=1095)  # longer by default where the horizon asks for it
    holdout: Positive = timedelta(days=90)
    segments: list[ColumnName] = []
    protected: list[ColumnName] = []  # fairness is measured by these; none of them is an input
    seed: int = Field(0, ge=0, lt=2**32)


class Gate(Part):
    """Intervals that a model must show: better than the event rate, not worse than the champion.

    ``second_person``: who submitted a model, by starting its training, may not approve it.
    """

    second_person: bool = False
    min_auc_gain: float = 0.0  # over the event rate alone, champion or not
    max_auc_loss: float = Field(0.01, ge=0)  # against the champion
    max_dollar_loss: float = Field(0.05, ge=0)  # against it, of the dollars at stake
    max_calibration_error: float = Field(0.02, gt=0)


class Schedule(Part):
    ingest: Cron | None = None
    train: Cron | None = None
    score: Cron | None = None
    measure: Cron | None = None


class Compute(Part):
    cpu: int | None = Field(None, ge=1, le=1000)
    memory: int | None = Field(None, gt=0, le=10**9, description="MB")
    shards: int = Field(1, ge=1, le=1000)
    engine: Literal["duckdb", "spark"] = "duckdb"
    memory_limit: str | None = Field(None, pattern=MEMORY)
    spark: dict[Line, Line] = {}


class Problem(Part):
    """One kind of decision. Everything that differs between problems is here, nothing in code."""

    name: Name
    description: Text = ""
    sources: dict[Name, Source]
    application: Application
    outcome: Outcome
    features: Features
    candidates: Candidates
    actions: dict[Name, Action]
    calendar: Calendar = Calendar()
    rules: list[Rule] = []
    exploration: Explorations = []
    reasons: dict[Line, Reason] = {}
    notice: Notice | None = None
    contest: Contest | None = None
    training: Training = Training()
    gate: Gate = Gate()
    schedule: Schedule = Schedule()
    compute: Compute = Compute()

    _file: str = PrivateAttr("")
    _types: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def applications(self) -> Source:
        """The source whose rows are decided."""
        return self.sources[self.application.source]

    @property
    def key(self) -> str:
        return self.applications.key

    def typed(self, definition: Mapping[str, Any]) -> Self:
        """The problem with the types that a model's definition keeps; an old one keeps none."""
        copy = self.model_copy()
        copy._file, copy._types = self._file, definition.get("types", {})
        return copy

    @property
    def types(self) -> dict[str, dict[str, str]]:
        """Source → column → the type that a model was trained with; empty in a problem file."""
        return self._types.get("sources", {})

    @property
    def column_types(self) -> dict[str, str]:
        """Column or feature → the type that expressions see; empty in a problem file."""
        return self._types.get("columns", {})

    @property
    def revealing(self) -> tuple[str, ...]:
        """The actions that let an outcome be seen."""
        return tuple(name for name, action in self.actions.items() if action.reveals)

    @property
    def offer(self) -> str:
        """The first of them: what everyone would get if nothing were hidden."""
        return self.revealing[0]

    @property
    def outcomes(self) -> dict[str, tuple[str, ...]]:
        """Outcome → the actions that show it; it is called as the action that others refer to."""
        of = {name: self.actions[name].same_outcome_as or name for name in self.revealing}
        return {
            outcome: tuple(name for name in of if of[name] == outcome)
            for outcome in dict.fromkeys(of.values())
        }

    @property
    def same_outcome(self) -> dict[str, str]:
        """Action that reveals → the outcome that it shows."""
        return {name: outcome for outcome, shows in self.outcomes.items() for name in shows}

    @property
    def reviews(self) -> tuple[str, ...]:
        """The actions that wait for a person's verdict."""
        return tuple(name for name, action in self.actions.items() if action.is_review)

    @property
    def waiting(self) -> timedelta:
        """The longest that a review may take, by which every application matures later."""
        return max((r.within for r in self._reviews if r.within), default=timedelta(0))

    @property
    def maturing(self) -> timedelta:
        """After as_of, when an outcome is mature: its horizon, the longest review, and what its
        source takes to tell (nothing where rows say themselves when they were there)."""
        source = self.sources[self.outcome.source]
        told = source.delay if source.available_at is None else timedelta(0)
        return self.outcome.horizon + self.waiting + told

    @property
    def _reviews(self) -> list[Action]:
        return [self.actions[name] for name in self.reviews]

    @property
    def limited(self) -> tuple[str, ...]:
        """The actions that have a capacity."""
        return tuple(name for name, a in self.actions.items() if a.capacity is not None)

    def explored_from(self, entry: Exploration) -> tuple[str, ...]:
        """The policy's own actions that an entry of ``exploration`` may replace."""
        hides = [name for name, action in self.actions.items() if not action.reveals]
        return tuple(entry.sources or hides)

    @property
    def where(self) -> str:
        """How messages name this problem: its file, or its name when it came without one."""
        return self._file or f"problem {self.name}"

    @property
    def called(self) -> str:
        """What a user gives to --problem: the file it came from, or its name in problems/."""
        file = self._file
        own = not file.endswith(".toml") or file.endswith(f"problems/{self.name}.toml")
        return self.name if own else file
