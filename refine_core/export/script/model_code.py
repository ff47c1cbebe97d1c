"""A model of a run as source: `dspy.LM(…)` or `LM(…)`. A key is never in it, only the name of the variable that holds it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from refine_core.call_snippets import usual_key_name
from refine_core.export.script.literals import write_call, write_value
from refine_core.lm.secrecy import strip_login
from refine_core.spec import ModelSpec
from refine_core.spec.program import LOCAL_PREFIX
from refine_core.spec.secrets import is_secret

_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")
LLAMA_SERVER: Final = "http://127.0.0.1:8080/v1"
"""Where llama.cpp's server is unless it is told otherwise: the app's own has another port and key at each start."""
STAND_IN: Final = "openai/gpt-4o-mini"
"""For a run on the practice model, which only refine_core has."""


@dataclass(frozen=True, slots=True)
class ModelCode:
    """source: an expression. key: the environment variable that must be set, "" for none. is_practice: whether it is a stand-in."""

    source: str
    key: str = ""
    is_practice: bool = False
    uses_os: bool = False


def write_model(model: ModelSpec, seed: int, library: str, *, for_dspy: bool, before: int) -> ModelCode:
    """before: characters before it on its line."""
    if model.is_local:
        name = model.model.removeprefix(LOCAL_PREFIX)
        model = replace(model, model=f"openai/{name}", api_base=LLAMA_SERVER)
    is_practice = model.kind == "practice" or (model.kind == "replay" and "/" not in model.model)
    if is_practice and not for_dspy:
        source = f"PracticeLM({seed}, temperature={write_value(model.temperature)})"
        return ModelCode(source, is_practice=True)
    arguments: list[tuple[str, str]] = [("", write_value(STAND_IN if is_practice else model.model))]
    temperature = 1.0 if model.temperature is None and for_dspy else model.temperature
    arguments.append(("temperature", write_value(temperature)))
    if model.max_tokens is not None or for_dspy:
        arguments.append(("max_tokens", write_value(model.max_tokens)))
    key, reads_key = ("OPENAI_API_KEY", False) if is_practice else _key(model)
    if not is_practice:
        arguments += _where(model, key, reads_key=reads_key)
    arguments += [("num_retries", write_value(model.retries)), *_patience(model, for_dspy=for_dspy)]
    if not model.cache:
        arguments.append(("cache", "False"))
    if not for_dspy and model.reply_format != "auto":
        arguments.append(("reply_format", write_value(model.reply_format)))
    if not is_practice:
        arguments += [(name, write_value(value, 4, len(name) + 1)) for name, value in _params(model).items()]
    source = write_call(f"{library}.LM", arguments, 0, before)
    return ModelCode(source, key, is_practice, uses_os=reads_key)


def _key(model: ModelSpec) -> tuple[str, bool]:
    """The variable that holds the key, and whether the script has to name it: providers' usual ones are found by themselves."""
    prefix, _, rest = model.model.partition("/")
    if model.key_env and _VARIABLE.fullmatch(model.key_env):
        return model.key_env, True
    return usual_key_name(prefix, rest, model), False


def _where(model: ModelSpec, key: str, *, reads_key: bool) -> list[tuple[str, str]]:
    arguments = []
    if model.api_base:
        arguments.append(("api_base", write_value(strip_login(model.api_base))))
    if reads_key:
        arguments.append(("api_key", f"os.environ[{write_value(key)}]"))
    elif model.api_base and not key:
        arguments.append(("api_key", write_value("no-key")))
    if model.provider:
        arguments.append(("custom_llm_provider", write_value(model.provider)))
    return arguments


def _patience(model: ModelSpec, *, for_dspy: bool) -> list[tuple[str, str]]:
    if model.kind != "litellm":
        return []
    return [("timeout" if for_dspy else "timeout_s", write_value(model.timeout_s))]


def _params(model: ModelSpec) -> Mapping[str, Any]:
    params: dict[str, Any] = {
        "seed": model.seed,
        "stop": list(model.stop) or None,
        "reasoning_effort": model.reasoning_effort,
        **model.extra,
    }
    return {n: v for n, v in params.items() if v is not None and _NAME.fullmatch(n) and not is_secret(n)}
