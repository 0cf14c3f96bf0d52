"""What is left to chance: entries of ``[[exploration]]``, each with an action and a budget."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from truerisk.problem.types import Line, Name, Part

MOST = 0.5  # what exploration may take of any application: the policy keeps half at least


class Widths(Part):
    """Widths of 95% intervals wanted for everyone; only their ratios decide whom to explore."""

    event_rate: float = Field(0.028, gt=0)
    auc: float = Field(0.03, gt=0)
    profit: float = Field(0.06, gt=0, description="as a share of what a decision is worth")


class Exploration(Part):
    """``action`` at random where the policy takes one of ``sources`` (``from`` in the file).

    Without ``from`` these are all actions that hide the outcome. A hold-out has a ``share`` in
    place of a budget: every such application has that chance.
    """

    action: Name
    sources: list[Name] = Field([], alias="from")
    design: Literal["neyman", "uniform"] = "neyman"
    widths: Widths = Widths()
    share_of_profit: float | None = Field(None, gt=0, le=1)
    dollars_per_day: float | None = Field(None, gt=0)
    share: float | None = Field(None, gt=0)
    floor: float = Field(0.01, ge=0, le=1)
    cap: float = Field(0.2, gt=0, le=1)
    applications_per_day: int | None = Field(None, ge=1, le=10**9)
    salt: Line = ""

    @model_validator(mode="after")
    def _one_budget(self) -> Self:
        budgets = (self.share_of_profit, self.dollars_per_day, self.share)
        if sum(b is not None for b in budgets) != 1:
            raise ValueError(
                "needs exactly one of share_of_profit, dollars_per_day or share; write one, "
                "as dollars_per_day = 100"
            )
        if self.share is not None:
            if self.share > MOST:
                raise ValueError(
                    f"has a share of {self.share:g}; a hold-out is at most {MOST:g}: write "
                    "share = 0.05"
                )
            for name in ("floor", "cap", "widths"):
                if getattr(self, name) != type(self).model_fields[name].default:
                    raise ValueError(
                        f"has a share, which is everyone's chance, and a {name}; leave {name} out"
                    )
            if self.design != "uniform":
                raise ValueError('has a share, which is the same for all; write design = "uniform"')
        elif self.floor > self.cap:
            raise ValueError(
                f"has a floor of {self.floor:g} above its cap of {self.cap:g}; write floor = "
                f"{self.cap:g} or less"
            )
        return self

    @property
    def most(self) -> float:
        """The largest π that it may give."""
        return self.cap if self.share is None else self.share


def _entries(value: Any) -> Any:
    """One ``[exploration]`` is a list of one."""
    return [value] if isinstance(value, dict) else value


Explorations = Annotated[list[Exploration], BeforeValidator(_entries)]
