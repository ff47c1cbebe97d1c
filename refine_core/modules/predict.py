"""Predict: one signature, completed by one call to a model. ChainOfThought: the same, reasoning first.

inputs -> adapter.format -> ask -> adapter.parse -> Prediction
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, ClassVar, Self

from refine_core.adapters import Adapter, adapter_for
from refine_core.adapters.ask_with_fallback import Request, complete_signature
from refine_core.concurrency.flows import Flow
from refine_core.configuration import (
    check_callbacks,
    describe_value,
    get_setting,
    not_a_model_error,
)
from refine_core.errors import LMError, SignatureValueError
from refine_core.events import Fault, ModuleEnded, ModuleStarted, PredictorTraced, Purpose
from refine_core.hints import HINT_FIELD
from refine_core.jsonable import to_jsonable
from refine_core.lm.base import BaseLM
from refine_core.lm.effects import CheckSupport
from refine_core.log.scope import current_scope
from refine_core.modules.attempt_context import AttemptContext
from refine_core.modules.copying import copy_value
from refine_core.modules.module import Operation, call
from refine_core.modules.parameter import PREDICTOR_ATTRIBUTES, Predictor
from refine_core.modules.prediction import Prediction
from refine_core.signatures import InputField, OutputField, Signature, check_inputs, ensure_signature

SAME_REPLIES_UP_TO, VARIED_TEMPERATURE = 0.15, 0.7  # 2.6.23's, for `n` replies at once
_OPTIONS = frozenset(("signature", "new_signature", "lm", "config", "demos", "_trace"))  # of one call


class Predict(Operation, Predictor):
    """Fill a signature's outputs from its inputs with one call to a model.

    signature: "question -> answer" or a Signature class. config: parameters for the model, such as temperature=0.7.
    callbacks: notified of each call; see BaseCallback. demos: worked examples for the prompt, name -> value each.
    lm: the model; None means the configured one (see refine_core.configure).
    Called with the inputs by keyword; `lm`, `config`, `demos` and `signature` override for one call, and `_trace=False`
    leaves it out of the trace. lm=None uses the configured model; demos=[] shows none.
    Returns: a Prediction with the signature's outputs.
    Raises: InputError, ParseError, LMError. Source: dspy.Predict, version 2.6.23.
    """

    is_predictor: ClassVar[bool] = True
    attempt_context: AttemptContext | None = None  # on the class, too: an older pickle has none
    _purpose: Purpose = "predict"

    def __init__(
        self, signature: str | type[Signature], callbacks: Sequence[Any] | None = None, **config: Any
    ) -> None:
        super().__init__(check_callbacks(callbacks))
        self.signature = ensure_signature(signature)
        self.config: dict[str, Any] = config
        self.reset()

    def reset(self) -> None:
        """Forget the model, the demos and what was learned; signature and config stay."""
        self.lm: BaseLM | None = None
        self.traces: list[Any] = []
        self.train: list[Any] = []
        self.demos: list[Mapping[str, Any]] = []
        self.attempt_context = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update(self.__dict__)
        own, cls = twin.__dict__, type(self)
        own["config"] = copy_value(self.config, memo, cls, "config") if self.config else {}
        own["demos"] = copy_value(self.demos, memo, cls, "demos") if self.demos else []
        own["traces"] = copy_value(self.traces, memo, cls, "traces") if self.traces else []
        own["train"] = copy_value(self.train, memo, cls, "train") if self.train else []
        if type(self) is not Predict:
            for name in self.__dict__.keys() - PREDICTOR_ATTRIBUTES:  # what a subclass has added
                setattr(twin, name, copy.deepcopy(self.__dict__[name], memo))
        return twin

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "attempt_context": None}

    def _restore_context(self) -> AbstractContextManager[Any] | None:
        return self.attempt_context.restore() if self.attempt_context is not None else None

    def _flow(self, **inputs: Any) -> Flow[Prediction]:
        """Ask the model and read its reply."""
        signature, lm, traced = self.signature, self.lm, True
        config: Any = {}
        demos: Sequence[Mapping[str, Any]] = self.demos
        if not _OPTIONS.isdisjoint(inputs):
            if "new_signature" in inputs:
                raise TypeError("a predictor's call no longer takes new_signature; write signature=…")
            signature, lm = inputs.pop("signature", signature), inputs.pop("lm", lm)
            config, traced = inputs.pop("config", config), inputs.pop("_trace", traced)
            demos = _check_demos(inputs.pop("demos")) if "demos" in inputs else demos
        signature = ensure_signature(signature)
        lm = _require_lm(lm or get_setting("lm"))
        try:
            params: Mapping[str, Any] = {**self.config, **config}
        except TypeError:
            wrong = self.config if isinstance(config, Mapping) else config
            raise TypeError(f"config is a dict of model parameters, not {describe_value(wrong)}") from None
        values = check_inputs(signature, inputs)
        context = self.attempt_context
        scope = (context.scope if context else current_scope()).begin(context.name if context else "predict")
        hint = context.full_hint() if context else None
        # a judge is part of the reward, not of the program
        is_reported = scope.sinks and self._purpose == "predict"
        if is_reported:
            name = context.path if context else "self"
            scope.emit(ModuleStarted(name, to_jsonable(values), hint))
        prompt_signature, prompt_inputs = (
            (signature, values)
            if hint is None
            else (_add_hint_field(signature, signature.instructions), {**values, HINT_FIELD: hint})
        )
        start = time.perf_counter()
        try:
            if "n" in params or "n" in lm.kwargs:
                params = yield from _vary_temperature(lm, params)
            request = Request(
                signature, prompt_signature, prompt_inputs, lm, demos, params, self._purpose, scope
            )
            completions = yield from complete_signature(request, current_adapter(lm))
            several = len(completions) > 1
            prediction = Prediction.from_completions(completions) if several else Prediction(completions[0])
        except Exception as error:
            cause = _find_cause(error, demos)
            if is_reported:
                scope.emit(ModuleEnded(name, time.perf_counter() - start, Fault.of(cause)))
            if cause is not error:
                raise cause from error
            raise
        if is_reported:
            scope.emit(PredictorTraced(name, to_jsonable(prediction)))
            scope.emit(ModuleEnded(name, time.perf_counter() - start))
        if not traced:
            return prediction
        trace = get_setting("trace")
        if trace is not None:
            trace.append((self, values, prediction))
        if context is not None and context.trace is not trace:  # a block of the user's own has another
            context.trace.append((self, values, prediction))
        return prediction

    def dump_state(self) -> dict[str, Any]:
        """Demos, signature and model as plain data, without a key. Source: dspy.Predict.dump_state."""
        from refine_core.modules.state import dump_predictor

        return dump_predictor(self)

    def load_state(self, state: Mapping[str, Any]) -> Self:
        """Take over what `dump_state` gave; nothing changes if it does not fit. Raises StateError."""
        from refine_core.modules.state import load_predictor

        load_predictor(self, state)
        return self

    def get_config(self) -> dict[str, Any]:
        """The parameters for the model."""
        return self.config

    def update_config(self, **config: Any) -> None:
        """Change parameters for the model."""
        self.config = {**self.config, **config}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.signature!r})"


class ChainOfThought(Operation):
    """Predict with a first output `reasoning`, so that the model thinks before it answers.

    rationale_field, rationale_field_type: another OutputField for the reasoning, and its type. config, callbacks: as
    in Predict. Its predictor is named "predict". Source: dspy.ChainOfThought, version 2.6.23.
    """

    def __init__(
        self,
        signature: str | type[Signature],
        rationale_field: Any = None,
        rationale_field_type: Any = str,
        callbacks: Sequence[Any] | None = None,
        **config: Any,
    ) -> None:
        super().__init__(check_callbacks(callbacks))
        plain = ensure_signature(signature)
        reasoning = rationale_field or OutputField(desc="the steps that lead to the answer")
        if "reasoning" in plain.input_fields:
            raise SignatureValueError(
                "the input 'reasoning' has the name of the output that ChainOfThought adds; rename it, or use Predict"
            )
        self.predict = Predict(plain.prepend("reasoning", reasoning, rationale_field_type), **config)

    def _flow(self, **inputs: Any) -> Flow[Prediction]:
        """Ask the model and read its reply."""
        prediction: Prediction = yield from call(self.predict, inputs)
        return prediction


def _vary_temperature(lm: BaseLM, params: Mapping[str, Any]) -> Flow[Mapping[str, Any]]:
    """The call's parameters; if several replies are wanted, with a temperature at which they differ, as in dspy."""
    wanted = params.get("n") or lm.kwargs.get("n") or 1
    if not isinstance(wanted, int) or wanted <= 1:
        return params
    temperature = params.get("temperature") or lm.kwargs.get("temperature")
    if isinstance(temperature, (int, float)) and temperature > SAME_REPLIES_UP_TO:
        return params
    supports = yield CheckSupport(lm.supports, "temperature")
    return {**params, "temperature": VARIED_TEMPERATURE} if supports else params


@lru_cache(maxsize=512)
def _add_hint_field(signature: type[Signature], instructions: str) -> type[Signature]:
    """The signature with the hint as its last input, and the objective unchanged.

    instructions: the signature's own, which may have changed since it was last asked for.
    """
    del instructions
    return signature.append(HINT_FIELD, InputField(desc="a hint for you from an earlier attempt"))


def current_adapter(lm: BaseLM) -> Adapter:
    """The adapter that is configured, or else that of the model's own reply format."""
    return get_setting("adapter") or adapter_for(lm.reply_format)


def _require_lm(lm: object) -> BaseLM:
    if isinstance(lm, BaseLM):
        return lm
    if lm is None:
        raise LMError(
            'No model is set. Call configure(lm=LM("openai/gpt-4o-mini")) first, or set_lm(…) on the program.'
        )
    raise not_a_model_error("lm", lm)


def _check_demos(demos: Any) -> Sequence[Mapping[str, Any]]:
    """The demos, if each is an example. Raises TypeError that names the wrong one."""
    if isinstance(demos, Mapping):
        raise TypeError("demos is a list of examples; write [example]")
    if isinstance(demos, (str, bytes)) or not isinstance(demos, Iterable):
        raise TypeError(
            f"demos is a list of examples, not {'text' if isinstance(demos, str) else describe_value(demos)}"
        )
    prediction: Sequence[Any] = demos if isinstance(demos, (list, tuple)) else list(demos)
    for i, one in enumerate(prediction):
        if not isinstance(one, Mapping):
            raise TypeError(f"demos[{i}] must be an Example or a dict, not {type(one).__name__}")
    return prediction


def _find_cause(error: Exception, demos: Any) -> Exception:
    """Why a call failed: `error`, or wrong demos, which are checked only now."""
    if isinstance(error, (TypeError, AttributeError, LookupError)):
        try:
            _check_demos(demos)
        except TypeError as cause:
            return cause
    return error
