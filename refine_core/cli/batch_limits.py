"""What the options of `refinescope batch` say of an experiment as a whole: how much of it, what it may spend, how fast it asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from refine_core.cli.output import print_text
from refine_core.cli.terminal import one_line
from refine_core.experiments import Arm, Budget, RateLimit


@dataclass(frozen=True, slots=True)
class Limits:
    """None: as its document says, else the usual."""

    repeats: int | None = None
    rows: int | None = None
    seed: int | None = None
    usd: float | None = None
    calls: int | None = None
    tokens: int | None = None
    at_once: int | None = None
    rpm: int | None = None
    tpm: int | None = None
    name: str | None = None


def limit_budget(budget: Budget, limits: Limits) -> Budget:
    """The budget, with what the options say of it."""
    given = {"calls": limits.calls, "tokens": limits.tokens, "usd": limits.usd}
    return replace(budget, **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # fields by their names


def limit_rates(said: Mapping[str, RateLimit], arms: Iterable[Arm], limits: Limits) -> dict[str, RateLimit]:
    """The limits of each model that an arm asks, with what the options say of all of them."""
    given = {
        name: value
        for name, value in (
            ("at_once", limits.at_once),
            ("requests_per_minute", limits.rpm),
            ("tokens_per_minute", limits.tpm),
        )
        if value is not None
    }
    found = dict(said)
    asked = {model.label for arm in arms for model in arm.spec.models.values()}
    if given:
        for label in asked:
            found[label] = replace(found.get(label, RateLimit()), **given)
    for label in found.keys() - asked:
        print_text(
            one_line(
                f"rate_limits: no arm asks {label}, so this limits nothing; asked: {', '.join(sorted(asked))}"
            ),
            err=True,
        )
    return found
