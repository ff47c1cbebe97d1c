"""Predict: one signature filled by one call to a model. ChainOfThought: the same, reasoning first.

inputs -> adapter.format -> ask -> adapter.parse -> Prediction
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from refine_core import settings
from refine_core.adapters import ChatAdapter
from refine_core.errors import InputError, LMError, ParseError
from refine_core.events import Fault, ModuleEnded, ModuleStarted, ParseFailed, PredictorTraced, Purpose
from refine_core.lm.ask import ask
from refine_core.lm.base import BaseLM
from refine_core.log.plain import plain_dict
from refine_core.log.scope import Scope, current
from refine_core.modules.module import Module, Parameter
from refine_core.modules.prediction import Prediction
from refine_core.signatures import InputField, OutputField, Signature, ensure_signature
from refine_core.signatures.types import type_text, validate

HINT = "hint_"
NO_HINT = "N/A"
Trace = list[tuple["Predict", dict[str, Any], Prediction]]


@dataclass(frozen=True, slots=True)
class Ride:
    """What an attempt puts on its own copy of a predictor, so that a user's threads keep it.

    name: the predictor's path. hint: for the field `hint_`; None before any advice. trace: where calls are noted.
    """

    name: str
    scope: Scope
    hint: str | None
    trace: Trace


class Predict(Module, Parameter):
    """Fill a signature's outputs from its inputs with one call to a model.

    signature: "question -> answer" or a Signature class. config: parameters for the model, such as temperature=0.7.
    demos: worked examples for the prompt. lm: the model; None means the one in force (see refine_core.configure).
    Called with the inputs by keyword; `lm`, `config`, `demos` and `signature` override for one call.
    Raises: InputError, ParseError, LMError. Source: dspy.Predict.
    """

    purpose: Purpose = "predict"

    def __init__(self, signature: str | type[Signature], **config: Any) -> None:
        self.signature = ensure_signature(signature)
        self.config: dict[str, Any] = config
        self.demos: list[Mapping[str, Any]] = []
        self.lm: BaseLM | None = None
        self._ride: Ride | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update(self.__dict__)
        twin.config, twin.demos = dict(self.config), list(self.demos)
        return twin

    def __call__(self, *args: Any, **inputs: Any) -> Prediction:
        if args:
            names = ", ".join(f"{name}=…" for name in self.signature.input_fields)
            raise TypeError(f"a predictor takes its inputs by keyword: ({names})")
        return self.forward(**inputs)

    def forward(self, **inputs: Any) -> Prediction:
        """Ask the model once and read its reply."""
        signature = ensure_signature(inputs.pop("signature", self.signature))
        lm = _model(inputs.pop("lm", None) or self.lm or settings.lm)
        params = {**self.config, **inputs.pop("config", {})}
        demos: Sequence[Mapping[str, Any]] = inputs.pop("demos", None) or self.demos
        values = _checked(signature, inputs)
        ride = self._ride
        scope = (ride.scope if ride else current()).inside(ride.name if ride else "predict")
        name, hint = (ride.name, ride.hint) if ride else ("self", None)
        told = scope.wanted and self.purpose == "predict"  # a judge is part of the reward, not of the program
        if told:
            scope.emit(ModuleStarted(name, plain_dict(values), hint))
        start = time.perf_counter()
        try:
            made = self._ask(
                lm, signature=signature, demos=demos, values=values, params=params, hint=hint, scope=scope
            )
        except Exception as error:
            if told:
                scope.emit(ModuleEnded(name, time.perf_counter() - start, Fault.of(error)))
            raise
        if told:
            scope.emit(PredictorTraced(name, plain_dict(made)))
            scope.emit(ModuleEnded(name, time.perf_counter() - start))
        trace = ride.trace if ride else settings.trace
        if trace is not None:
            trace.append((self, values, made))
        return made

    def _ask(
        self,
        lm: BaseLM,
        *,
        signature: type[Signature],
        demos: Sequence[Mapping[str, Any]],
        values: dict[str, Any],
        params: Mapping[str, Any],
        hint: str | None,
        scope: Scope,
    ) -> Prediction:
        adapter = settings.adapter or ChatAdapter()
        shown, given = (signature, values) if hint is None else (_hinted(signature), {**values, HINT: hint})
        reply = ask(lm, adapter.format(shown, demos, given), params, purpose=self.purpose, scope=scope)
        try:
            return Prediction(adapter.parse(signature, reply.text))
        except ParseError as error:
            if scope.wanted:
                scope.emit(ParseFailed(error.missing, error.invalid))
            raise

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.signature!r})"


class ChainOfThought(Module):
    """Predict with a first output `reasoning`, so that the model thinks before it answers.

    Its predictor is named "predict". Source: dspy.ChainOfThought.
    """

    def __init__(self, signature: str | type[Signature], **config: Any) -> None:
        plain = ensure_signature(signature)
        reasoning = OutputField(desc="the steps that lead to the answer")
        self.predict = Predict(
            plain if "reasoning" in plain.fields else plain.prepend("reasoning", reasoning), **config
        )

    def forward(self, **inputs: Any) -> Prediction:
        return self.predict(**inputs)


@lru_cache(maxsize=512)
def _hinted(signature: type[Signature]) -> type[Signature]:
    """The signature with the hint as its last input, and the objective unchanged."""
    return signature.append(HINT, InputField(desc="a hint for you from an earlier attempt"))


def _model(lm: object) -> BaseLM:
    if isinstance(lm, BaseLM):
        return lm
    if lm is None:
        raise LMError(
            "no model is set; call refine_core.configure(lm=…), or set one on the program with set_lm(…)"
        )
    raise TypeError(
        f"lm must be a model such as LM('openai/…') or ScriptedLM([...]), not {type(lm).__name__}"
    )


def _checked(signature: type[Signature], inputs: dict[str, Any]) -> dict[str, Any]:
    """The signature's inputs as its types; others are left out, as dspy does. Raises InputError that names the field."""
    fields = signature.input_fields
    values: dict[str, Any] = {}
    for name, made in fields.items():
        if name not in inputs:
            raise InputError(
                f"input {name!r} of {signature.signature!r} is missing; call with {name}=…",
                field=name,
                signature=signature.signature,
            )
        given = inputs[name]
        if made.type is str and not made.constraints:
            values[name] = given  # the adapter writes any value as text, as dspy's does
            continue
        try:
            values[name] = validate(made, given)
        except ValueError as why:
            raise InputError(
                f"input {name!r} of {signature.signature!r} must be {type_text(made.type)}: {why}",
                field=name,
                signature=signature.signature,
            ) from None
    return values
