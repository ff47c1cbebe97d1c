"""What spans say: OpenInference's names, which Phoenix and Arize read, and beside them those of OpenTelemetry's GenAI conventions.

What has a name in neither is under `refinescope.`. What is unknown is left out.
Source: openinference-semantic-conventions 0.1.42; GenAI semantic conventions, as in opentelemetry-semantic-conventions 0.66b2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from refine_core import events as ev
from refine_core.export.otel.span import AttributeValue
from refine_core.log import codec
from refine_core.log.summaries import title_of

Written = dict[str, AttributeValue]

_BIGGEST: Final = 2**63 - 1  # a whole number of a span
_GENAI_PROVIDERS: Final = {
    "azure": "azure.ai.openai", "bedrock": "aws.bedrock", "gemini": "gcp.gemini", "mistral": "mistral_ai",
    "vertex_ai": "gcp.vertex_ai", "watsonx": "ibm.watsonx.ai", "xai": "x_ai",
}  # fmt: skip
"""litellm's name of a provider -> OpenTelemetry's, where the two differ."""
_OPENINFERENCE_PROVIDERS: Final = {
    "bedrock": "aws", "fireworks_ai": "fireworks", "gemini": "google", "mistral": "mistralai",
    "together_ai": "together", "vertex_ai": "google",
}  # fmt: skip
_GENAI_PARAMETERS: Final = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "seed": "gen_ai.request.seed",
    "n": "gen_ai.request.choice.count",
}
_STRATEGIES: Final = {"refine": "Refine", "best_of_n": "Best of n", "single": "Single attempt"}


def to_json(value: object) -> str:
    """A value as JSON text."""
    return json.dumps(value, ensure_ascii=False, default=str)


def kind(name: str) -> Written:
    """OpenInference's kind of a span: CHAIN, LLM or EVALUATOR."""
    return {"openinference.span.kind": name}


def value(side: str, content: object) -> Written:
    """What went into a span ("input"), or came out ("output"), as JSON."""
    return {f"{side}.value": to_json(content), f"{side}.mime_type": "application/json"}


def took(duration_s: float) -> Written:
    """How long it took by a clock that nobody sets; the span's own times are those of the records."""
    return {"refinescope.took_s": duration_s}


def text_value(side: str, text: str) -> Written:
    """The same for a text."""
    return {f"{side}.value": text, f"{side}.mime_type": "text/plain"}


# The run.


def run_name(event: ev.RunStarted) -> str:
    """What the span of a run is called."""
    return f"{_STRATEGIES.get(event.spec.strategy, event.spec.strategy)}: {title_of(event.spec)}"


def run_started(run_id: str, event: ev.RunStarted) -> Written:
    """Of the run itself: its inputs, its plan, and the program as JSON."""
    spec, unknown = event.spec, event.unknown
    written: Written = {
        **kind("CHAIN"),
        **value("input", spec.inputs),
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": title_of(spec),
        "refinescope.run_id": run_id,
        "refinescope.version": event.code_version,
        "refinescope.strategy": spec.strategy,
        "refinescope.program": codec.dumps(spec),
        "refinescope.temperatures": to_json(event.temperatures),
        "refinescope.predictors": tuple(event.predictors),
        "refinescope.at_once": event.at_once,
        "refinescope.kept_events": event.kept_events,
    }
    if "N" not in unknown:
        written["refinescope.N"] = spec.attempt_count
    if spec.threshold is not None and "threshold" not in unknown:
        written["refinescope.threshold"] = spec.threshold
    if spec.fail_count is not None:
        written["refinescope.fail_count"] = spec.fail_count
    if group := spec.experiment or spec.hint_test:
        written["session.id"] = group
    for name, said in (
        ("recorded_from", event.recorded_from),
        ("unknown", unknown),
        ("left_out", event.left_out),
        ("parent_run_id", spec.parent or ""),
    ):
        if said:
            written[f"refinescope.{name}"] = said
    return written


def run_finished(event: ev.RunFinished, outputs: Mapping[str, object] | None) -> Written:
    """How the run ended. outputs: of the attempt that it returned."""
    written: Written = {"refinescope.stop_reason": event.reason, **took(event.took_s)}
    for name, index in (("best", event.best), ("returned", event.returned)):
        if index is not None:
            written[f"refinescope.{name}_attempt"] = index + 1
    if outputs is not None:
        written |= value("output", outputs)
    return written


# Attempts, predictors, rewards and advice.


def attempt_started(event: ev.AttemptStarted, run: ev.RunStarted, names: Sequence[str]) -> Written:
    """Of an attempt. names: of the program's predictors."""
    written: Written = {
        **kind("CHAIN"),
        **value("input", run.spec.inputs),
        "refinescope.attempt": event.index + 1,
    }
    if names and set(names) <= set(event.fixed_temperature):
        written["refinescope.rollout_id"] = run.spec.first_rollout + event.index
    else:
        written["refinescope.temperature"] = event.temperature
    if event.fixed_temperature:
        written["refinescope.fixed_temperature"] = tuple(event.fixed_temperature)
    if event.hints:
        written["refinescope.hints"] = to_json(event.hints)
    if event.advice_from is not None:
        written["refinescope.advice_from_attempt"] = event.advice_from + 1
    if event.edited:
        written["refinescope.edited_hints"] = tuple(event.edited)
    return written


def module_started(event: ev.ModuleStarted) -> Written:
    """Of a predictor."""
    written: Written = {
        **kind("CHAIN"),
        **value("input", event.inputs),
        "refinescope.predictor": event.name,
    }
    if event.hint is not None:
        written["refinescope.hint"] = event.hint
    return written


def reward_scored(event: ev.RewardScored) -> Written:
    """The reward: of its own span, and of the attempt's."""
    written: Written = {"refinescope.reward": event.value, "refinescope.reward_took_s": event.took_s}
    for name, values in (("parts", event.parts), ("unmet", event.unmet)):
        if values:
            written[f"refinescope.reward_{name}"] = to_json(values)
    for name, text in (("feedback", event.feedback), ("stdout", event.stdout)):
        if text:
            written[f"refinescope.reward_{name}"] = text
    if event.refusals:
        written["refinescope.reward_refusals"] = tuple(event.refusals)
    if event.rescored:
        written["refinescope.reward_rescored"] = True
    return written


def reward_output(event: ev.RewardScored) -> Written:
    """What the reward said, as the output of its span."""
    said = {
        "score": event.value,
        "parts": event.parts,
        "feedback": event.feedback,
        "failed validators": event.unmet,
    }
    return value("output", {name: one for name, one in said.items() if one not in ("", {})})


def evaluation_label(event: ev.RewardScored, run: ev.RunStarted) -> str | None:
    """Whether the attempt is good enough to stop; None where there is no threshold, or nobody knows it."""
    threshold = run.spec.threshold
    if threshold is None or "threshold" in run.unknown:
        return None
    return "pass" if event.value >= threshold and not event.unmet else "fail"


def evaluation(name: str, event: ev.RewardScored, label: str | None) -> Written:
    """OpenInference's attributes of an evaluated span."""
    start = "evaluations.0.evaluation"
    written: Written = {
        f"{start}.name": name,
        f"{start}.score": event.value,
        f"{start}.annotator_kind": "CODE",
    }
    if label is not None:
        written[f"{start}.label"] = label
    if event.feedback:
        written[f"{start}.explanation"] = event.feedback
    return written


def evaluation_result(name: str, event: ev.RewardScored, label: str | None) -> Written:
    """The same as the event gen_ai.evaluation.result has it."""
    written: Written = {"gen_ai.evaluation.name": name, "gen_ai.evaluation.score.value": event.value}
    if label is not None:
        written["gen_ai.evaluation.score.label"] = label
    if event.feedback:
        written["gen_ai.evaluation.explanation"] = event.feedback
    return written


def advice_given(event: ev.AdviceGiven) -> Written:
    """What the adviser said."""
    written = value("output", {"discussion": event.discussion, "advice": event.advice}) | took(event.took_s)
    if event.dropped:
        written["refinescope.advice.dropped"] = to_json(event.dropped)
    if event.unnamed:
        written["refinescope.advice.unnamed"] = tuple(event.unnamed)
    return written


# Calls of models.


def call_name(event: ev.LMRequested) -> str:
    """What the span of a call is called."""
    return f"chat {_model_and_provider(event.model)[0]}"


def lm_requested(event: ev.LMRequested) -> Written:
    """What a model was asked."""
    name, provider = _model_and_provider(event.model)
    written: Written = {
        **kind("LLM"),
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": name,
        "llm.model_name": name,
        "llm.invocation_parameters": to_json(event.params),
        "refinescope.model": event.model,
        "refinescope.purpose": event.purpose,
    }
    if provider:
        written["gen_ai.provider.name"] = _GENAI_PROVIDERS.get(provider, provider)
        written["llm.provider"] = _OPENINFERENCE_PROVIDERS.get(provider, provider)
    for parameter, called in _GENAI_PARAMETERS.items():
        number = event.params.get(parameter)
        if isinstance(number, int | float) and not isinstance(number, bool) and abs(number) <= _BIGGEST:
            written[called] = number
    stop = event.params.get("stop")
    if stops := [stop] if isinstance(stop, str) else stop:
        written["gen_ai.request.stop_sequences"] = (
            tuple(map(str, stops)) if isinstance(stops, list | tuple) else ()
        )
    if event.params.get("response_format"):
        written["gen_ai.output.type"] = "json"
    for number, message in enumerate(event.messages):
        written[f"llm.input_messages.{number}.message.role"] = message.get("role", "")
        written[f"llm.input_messages.{number}.message.content"] = message.get("content", "")
    if event.messages:
        written |= text_value("input", event.messages[-1].get("content", ""))
    written["gen_ai.input.messages"] = to_json(
        [_message(one.get("role", ""), one.get("content", "")) for one in event.messages]
    )
    return written


def lm_replied(event: ev.LMReplied, *, is_kept: bool = False) -> Written:
    """What it answered. Tokens that were spent before must not be summed again: of a cached or replayed answer, or of the parent of a branch."""
    written: Written = {**text_value("output", event.text), **took(event.took_s)}
    answers = [(event.text, event.finish_reason), *_zip_others(event)]
    for number, (text, _) in enumerate(answers):
        written[f"llm.output_messages.{number}.message.role"] = "assistant"
        written[f"llm.output_messages.{number}.message.content"] = text
    thought = event.reasoning
    written["gen_ai.output.messages"] = to_json(
        [
            {
                **_message("assistant", text, thought if number == 0 else ""),
                **({"finish_reason": why} if why else {}),
            }
            for number, (text, why) in enumerate(answers)
        ]
    )
    if thought:
        written["refinescope.reasoning"] = thought
    if reasons := tuple(why for _, why in answers if why):
        written["gen_ai.response.finish_reasons"] = reasons
        written["llm.finish_reason"] = reasons[0]
    if event.served_by:
        written["gen_ai.response.model"] = written["llm.response.model_name"] = event.served_by
    is_free = is_kept or event.cache_hit or event.replayed
    if event.cache_hit or event.replayed:
        written["refinescope.cached"] = event.cache_hit
        written["refinescope.replayed"] = event.replayed
    written |= tokens(event.prompt_tokens, event.completion_tokens, event.cost_usd, is_free=is_free)
    return written


def tokens(
    prompt: int | None, completion: int | None, cost_usd: float | None, *, is_free: bool = False
) -> Written:
    """Tokens and cost, as far as they are known. is_free: they were spent before."""
    written: Written = {}
    names = ("prompt", "completion"), ("input", "output")
    for count, side, other in zip((prompt, completion), *names, strict=True):
        if count is None:
            continue
        if is_free:
            written[f"refinescope.spent_before.{side}_tokens"] = count
        else:
            written[f"llm.token_count.{side}"] = written[f"gen_ai.usage.{other}_tokens"] = count
    if not is_free and prompt is not None and completion is not None:
        written["llm.token_count.total"] = prompt + completion
    if cost_usd is not None:
        written["refinescope.spent_before.cost_usd" if is_free else "llm.cost.total"] = cost_usd
    return written


def lm_failed(event: ev.LMFailed, *, is_kept: bool = False) -> Written:
    """What a call that failed took; its last answer may have cost something."""
    charge = event.charge
    if charge is None:
        return took(event.took_s)
    spent = tokens(charge.prompt_tokens, charge.completion_tokens, charge.cost_usd, is_free=is_kept)
    return {**took(event.took_s), **spent, "refinescope.charge": codec.dumps(charge)}


def error(fault: ev.Fault) -> Written:
    """What an error leaves on its span."""
    return {"error.type": fault.type, "refinescope.error": codec.dumps(fault)}


def exception(fault: ev.Fault) -> Written:
    """The same as the event "exception" has it."""
    return {"exception.type": fault.type, "exception.message": fault.message}


def _model_and_provider(model: str) -> tuple[str, str]:
    """("gpt-4o", "openai") of "openai/gpt-4o"; no provider where the name has none."""
    provider, slash, name = model.partition("/")
    return (name, provider) if slash and name else (model, "")


def _message(role: str, content: str, reasoning: str = "") -> dict[str, object]:
    thought = [{"type": "reasoning", "content": reasoning}] if reasoning else []
    return {"role": role, "parts": [*thought, {"type": "text", "content": content}]}


def _zip_others(event: ev.LMReplied) -> list[tuple[str, str | None]]:
    reasons = [*event.other_reasons, *[""] * len(event.others)]
    return [(text, why or None) for text, why in zip(event.others, reasons, strict=False)]
