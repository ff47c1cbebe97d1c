"""One run of a program of the file, in its own process: built anew for each, of either library, and recorded.

FoundProgram, RunRequest --start--> a run in the store --> its last word: an error, or None
"""

from __future__ import annotations

import copy
import functools
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from refine_core.concurrency.cancellation import Cancel
from refine_core.log.codec import build
from refine_core.program_child.descriptions import TYPED, RunRequest
from refine_core.program_child.finding import Found, FoundProgram, find_dspy
from refine_core.program_child.function_source import collect_source
from refine_core.program_child.loading import format_traceback
from refine_core.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class RunParts:
    """All that a run is made of. model: to be asked where the file sets none; key: its key."""

    request: RunRequest
    program: FoundProgram
    reward: Callable[..., Any]
    inputs: Mapping[str, Any]
    model: ModelSpec | None
    key: str | None


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs what a file defines. path: of the file. started: called with the id of each run, once. cancel: ends one of ours."""

    path: Path
    found: Found
    started: Callable[[str], None]
    cancel: Cancel

    def run(self, request: RunRequest, key: str | None) -> None:
        """Run it to its end. key: of the model that the request names. Raises what the program raises."""
        program = self.found.programs[request.program]
        with self._open_reward(program, request) as reward:
            self._run_with(self._with_traceback(reward), program, request, key)

    def _open_reward(
        self, program: FoundProgram, request: RunRequest
    ) -> AbstractContextManager[Callable[..., Any]]:
        if request.reward != TYPED:
            return nullcontext(self.found.find_reward(program, request.reward))
        from refine_core.program_child.typed_reward import typed_reward

        return typed_reward(request.source, as_number=program.entry.library == "dspy")

    def _run_with(
        self, reward: Callable[..., Any], program: FoundProgram, request: RunRequest, key: str | None
    ) -> None:
        inputs = _convert_inputs(program, request.inputs)
        model = build(ModelSpec, request.model) if request.model is not None else None
        parts = RunParts(request, program, reward, inputs, model, key)
        if program.entry.library == "dspy":
            self._run_dspy(parts)
        else:
            self._run_own(parts)

    def _run_own(self, parts: RunParts) -> None:
        from refine_core.callbacks import BaseCallback
        from refine_core.configuration import context, get_setting
        from refine_core.connect import connect
        from refine_core.log.run_id import new_run_id
        from refine_core.refine.module import BestOfN, Refine
        from refine_core.refine.program_job import LiveProgram, ProgramJob, describe_program
        from refine_core.refine.sources import get_source
        from refine_core.runs import default

        request, reward = parts.request, parts.reward
        kind = Refine if request.strategy == "refine" else BestOfN
        refine = parts.program.value
        if type(refine) is kind:
            refine = copy.copy(refine)
            same_count = refine.fail_count == refine.N
            refine.N, refine.threshold, refine.reward_fn = request.n, request.threshold, reward
            refine.fail_count = request.n if same_count else refine.fail_count
        else:
            refine = kind(parts.program.module, request.n, reward, request.threshold)
        refine.reward_fn_code = get_source(reward)
        shower = _show_errors(BaseCallback, self.path)
        settings: dict[str, Any] = {"callbacks": [*get_setting("callbacks"), shower]}
        if parts.model is not None:
            settings["lm"] = connect(parts.model, key=parts.key)
        with context(**settings):
            source = request.source or self._collect(reward)
            live = LiveProgram(refine, parts.inputs, self.path.name, source)
            job = ProgramJob(live, describe_program(live))
            run_id = new_run_id()
            registry = default()
            self.started(run_id)
            error, _ = registry.run_here(run_id, job, cancel=self.cancel)
        if error is not None:
            raise RuntimeError(error)

    def _run_dspy(self, parts: RunParts) -> None:
        from refine_core.interop.dspy_recording.recorder import DspyRecorder

        dspy, request = find_dspy(), parts.request
        kind = dspy.Refine if request.strategy == "refine" else dspy.BestOfN
        refine = kind(
            module=parts.program.module,
            N=request.n,
            reward_fn=parts.reward,
            threshold=request.threshold,
            **_fail_count(parts.program),
        )
        others = [one for one in dspy.settings.get("callbacks") or [] if not isinstance(one, DspyRecorder)]
        recorder = DspyRecorder(started=self.started)
        lm = {} if parts.model is None else {"lm": _connect_dspy(dspy, parts.model, parts.key)}
        shower = _show_errors(sys.modules["dspy.utils.callback"].BaseCallback, self.path)
        try:
            with dspy.context(callbacks=[*others, shower, recorder], **lm):
                refine(**parts.inputs)
        finally:
            recorder.flush()

    def _with_traceback(self, reward: Callable[..., Any]) -> Callable[..., Any]:
        """The same reward, which prints where it failed: neither library says that."""

        @functools.wraps(reward)
        def reward_fn(*args: Any, **kwargs: Any) -> Any:
            with _shown(self.path):
                return reward(*args, **kwargs)

        return reward_fn

    def _collect(self, reward: Callable[..., Any]) -> str:
        """The reward with what it uses of its file, so that it can be run by itself; "" where that is not to be had."""
        try:
            return collect_source(self.path.read_text(encoding="utf-8-sig"), reward.__name__)
        except (OSError, TypeError, ValueError, SyntaxError, AttributeError):
            return ""


def _fail_count(program: FoundProgram) -> Mapping[str, int]:
    """That of a refinement of the file, unless it is its N. dspy counts it down, so it is right before the first run alone."""
    if not program.entry.is_refinement or program.value.fail_count == program.value.N:
        return {}
    return {"fail_count": program.value.fail_count}


def _convert_inputs(program: FoundProgram, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a form as the program's own types; one that does not fit stays as it is, so that the program says so."""
    return {name: _convert(program.module, name, value) for name, value in inputs.items()}


def _convert(module: Any, name: str, value: Any) -> Any:
    for _path, predictor in module.named_predictors():
        info = predictor.signature.input_fields.get(name)
        kind = getattr(info, "annotation", None) or getattr(info, "type", None)
        if kind is None or kind is str:
            continue
        from pydantic import TypeAdapter, ValidationError
        from pydantic.errors import PydanticUserError

        try:
            return TypeAdapter(kind).validate_python(value)
        except (ValidationError, PydanticUserError):
            return value
    return value


def _connect_dspy(dspy: Any, model: ModelSpec, key: str | None) -> Any:
    """A model of the app's as dspy's own client."""
    from refine_core.spec.secrets import environment_key

    settings = {
        "api_base": model.api_base,
        "api_key": key or environment_key(model.key_env),
        "temperature": model.temperature,
        "max_tokens": model.max_tokens,
        "custom_llm_provider": model.provider or None,
    }
    given = {name: value for name, value in settings.items() if value not in (None, "")}
    return dspy.LM(model.model, cache=model.cache, num_retries=model.retries, **given, **model.extra)


def _show_errors(base: type, path: Path) -> Any:
    """A callback of either library that prints where a program failed."""
    shown: set[int] = set()

    def on_module_end(_: Any, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:  # noqa: ARG001
        if isinstance(exception, Exception) and id(exception) not in shown:
            shown.add(id(exception))
            _print_traceback(exception, path)

    return type("ShowErrors", (base,), {"on_module_end": on_module_end})()


@contextmanager
def _shown(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        _print_traceback(error, path)
        raise


def _print_traceback(error: BaseException, path: Path) -> None:
    """What Python prints of an error that nobody catches, from the user's own first line on."""
    try:
        text = format_traceback(error, path.parent)
    except Exception:  # noqa: BLE001 - of an error whose own text fails
        text = traceback.format_exc()
    sys.stderr.write(text if text.endswith("\n") else f"{text}\n")
