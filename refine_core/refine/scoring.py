"""Rewards and validators: Python functions of this process, or a worker process."""

from __future__ import annotations

import inspect
import os.path
import textwrap
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from refine_core.concurrency.flows import Flow
from refine_core.errors import Problem, RewardError, SpecError
from refine_core.log.scope import Scope
from refine_core.modules.prediction import Prediction
from refine_core.refine.effects import CallReward, CheckRule
from refine_core.rewards.score import ScoreResult
from refine_core.rewards.score_conversion import NotAScore, convert_score

RewardFunction = Callable[[dict[str, Any], Any], Any]


class Scorer(Protocol):
    """Whatever can score a prediction."""

    @property
    def source(self) -> str:
        """The reward's source text, as the adviser is shown it."""

    def flow(self, inputs: dict[str, Any], prediction: Prediction, scope: Scope) -> Flow[ScoreResult]:
        """The reward of `prediction`. inputs: the reward's own copy. Raises RewardError, or what the reward raises."""

    def find_unmet(self, score: ScoreResult) -> Mapping[str, str]:
        """Name -> message of the rules, scored with the reward, that the prediction does not meet."""


class FunctionScorer:
    """A reward that is a Python function of this process, sync or async: (inputs, prediction) -> number or Score."""

    def __init__(self, function: RewardFunction, source: str) -> None:
        self.function, self.source = function, source

    def flow(self, inputs: dict[str, Any], prediction: Prediction, scope: Scope) -> Flow[ScoreResult]:  # noqa: ARG002
        start = time.perf_counter()
        result = yield CallReward(self.function, inputs, prediction)
        try:
            value, feedback, parts = convert_score(result)
        except NotAScore as error:
            raise _locate_error(error, self.function) from None
        return ScoreResult(value, feedback, parts, "", time.perf_counter() - start)

    def find_unmet(self, score: ScoreResult) -> Mapping[str, str]:  # noqa: ARG002
        return {}  # its validators are functions, too, and the driver calls them


@dataclass(frozen=True, slots=True)
class Validator:
    """A rule that an attempt must meet to end a run early; its message reaches the adviser word for word.

    name: what it is called. check: (inputs, prediction) -> whether it is met; sync or async.
    message: what to tell the adviser where it is not. What a check raises fails the attempt, as an error of the reward.
    """

    name: str
    check: Callable[[dict[str, Any], Any], Any]
    message: str


def find_arity_problem(function: Callable[..., Any]) -> str | None:
    """Why a reward or a check cannot be called with (inputs, prediction), in words; None if it can, or if nobody knows."""
    try:
        # The wrapper's own parameters count, not those of the function it wraps.
        takes = inspect.signature(function, follow_wrapped=False)
    except (TypeError, ValueError):
        return None  # it is written in C and has no signature
    try:
        takes.bind(None, None)
    except TypeError:
        pass
    else:
        return None
    kinds = [one.kind for one in takes.parameters.values()]
    count = kinds.count(inspect.Parameter.POSITIONAL_ONLY) + kinds.count(
        inspect.Parameter.POSITIONAL_OR_KEYWORD
    )
    named = [
        name
        for name, one in takes.parameters.items()
        if one.kind is inspect.Parameter.KEYWORD_ONLY and one.default is inspect.Parameter.empty
    ]
    also = f", and {' and '.join(named)} by name" if named else ""
    name = getattr(function, "__name__", type(function).__name__)
    return f"must take two arguments, (inputs, prediction); {name!r} takes {count or 'none'}{also}"


def check_validators(validators: Iterable[Validator | tuple[str, Any, str]]) -> tuple[Validator, ...]:
    """Validators from themselves or from (name, check, message).

    Raises SpecError that names the wrong one; TypeError for a value that is not a list.
    """
    if isinstance(validators, (str, bytes, Mapping)) or not isinstance(validators, Iterable):
        raise TypeError(f"validators is a list of Validator(name, check, message), not {validators!r:.80}")
    rules: list[Validator] = []
    for i, one in enumerate(validators):
        if not isinstance(one, Validator) and not (isinstance(one, tuple) and len(one) == 3):  # noqa: PLR2004 - name, check, message
            raise SpecError([Problem(f"validators.{i}", "a validator is Validator(name, check, message)")])
        rule = one if isinstance(one, Validator) else Validator(*one)
        if not (isinstance(rule.name, str) and callable(rule.check) and isinstance(rule.message, str)):
            raise SpecError(
                [
                    Problem(
                        f"validators.{i}", "a validator has a name, a check that can be called, and a message"
                    )
                ]
            )
        if fault := find_arity_problem(rule.check):
            raise SpecError([Problem(f"validators.{i}", f"its check {fault}")])
        if rule.name in {other.name for other in rules}:
            raise SpecError([Problem(f"validators.{i}", f"two validators are called {rule.name!r}")])
        rules.append(rule)
    return tuple(rules)


def find_unmet(
    validators: tuple[Validator, ...], inputs: dict[str, Any], prediction: Prediction
) -> Flow[dict[str, str]]:
    """Name -> message of the validators that are not met. Raises what a check raises."""
    found = {}
    for rule in validators:
        if not (yield CheckRule(rule.check, inputs, prediction)):
            found[rule.name] = rule.message
    return found


def _locate_error(error: NotAScore, function: RewardFunction) -> RewardError:
    """What is wrong with the result, with the reward's line and file where they are known."""
    from refine_core.rewards.source import find_error_line

    inner = inspect.unwrap(getattr(function, "__func__", function))
    if not inspect.isfunction(inner):
        inner = getattr(type(function), "__call__", inner)  # noqa: B004 - an instance that can be called
    code = getattr(inner, "__code__", None)
    if code is None:
        return RewardError(error.message, type_name=error.type_name)
    line: int = code.co_firstlineno
    try:
        source = textwrap.dedent(inspect.getsource(inner))
        found = find_error_line(source, inner.__name__, returned=True)
        line += (found or 1) - 1
    except (OSError, TypeError, RewardError):
        pass  # without its text the first line is the best that is known
    where = f"{inner.__qualname__} in {os.path.basename(code.co_filename)}"  # noqa: PTH119 - it may be "<stdin>"
    return RewardError(f"{error.message} ({where})", type_name=error.type_name, line=line)
