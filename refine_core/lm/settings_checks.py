"""Checks of what a person gives to LM(…). Each says what is wrong, and what to write instead."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, get_args

from refine_core.configuration import describe_value
from refine_core.errors import LMNotFoundError, LMRefusedError
from refine_core.lm.secrecy import redact
from refine_core.spec import ReplyFormat

_UNSUPPORTED_PARAMS = ("provider", "finetuning_model", "launch_kwargs", "train_kwargs")


def check_model(model: object, model_type: str) -> None:
    """Raise TypeError for a model that is not named by text, LMRefusedError for another type than chat."""
    if not isinstance(model, str) or not model:
        raise TypeError(f"model must be a name such as 'openai/gpt-5', not {describe_value(model)}")
    if model_type != "chat":
        raise LMRefusedError(
            f"model_type={model_type!r} is not supported; use a chat model, model_type='chat'", model=model
        )


def drop_unsupported(params: dict[str, object]) -> None:
    """Remove dspy's parameters for training and launching where they are empty. Raises TypeError where they are not."""
    if present := [name for name in _UNSUPPORTED_PARAMS if params.pop(name, None)]:
        raise TypeError(f"LM does not train or launch models, so it takes no {present[0]!r}")


def check_address(name: str, address: object, model: str) -> None:
    """Raise TypeError or LMNotFoundError for a server's address that is not one. name: of the parameter."""
    if not isinstance(address, str | None):
        raise TypeError(f"{name} must be text such as 'http://HOST:PORT/v1', not {describe_value(address)}")
    if address and not re.match(r"https?://[^/]", address):
        raise LMNotFoundError(
            f"{redact(address)!r} is not an address; write http://HOST:PORT/v1", model=model
        )


def check_number(
    name: str, value: Any, kind: type[Real | Integral], is_valid: Callable[[Any], bool], wish: str
) -> None:
    """Raise TypeError for what is not a number of this kind, ValueError for one that is not valid. wish: what is."""
    is_number = isinstance(value, kind) and not isinstance(value, bool)
    if not is_number or not is_valid(value):
        raise (ValueError if is_number else TypeError)(f"{name} must be {wish}, not {describe_value(value)}")


def check_temperature(temperature: object) -> None:
    """Raise TypeError or ValueError."""
    if temperature is not None:
        check_number("temperature", temperature, Real, math.isfinite, "a number, or None to leave it out")


def check_max_tokens(max_tokens: object) -> None:
    """Raise TypeError or ValueError."""
    if max_tokens is not None:
        check_number(
            "max_tokens", max_tokens, Integral, lambda n: n > 0, "a whole number, 1 or more, or None"
        )


def check_seconds(name: str, seconds: object) -> None:
    """Raise TypeError or ValueError."""
    check_number(name, seconds, Real, lambda s: s > 0, "a number of seconds above 0")


def check_retries(num_retries: object) -> None:
    """Raise TypeError or ValueError."""
    check_number("num_retries", num_retries, Integral, lambda n: n >= 0, "a whole number, 0 or more")


def check_reply_format(reply_format: object) -> None:
    """Raise ValueError."""
    if reply_format not in get_args(ReplyFormat):
        raise ValueError(
            f"reply_format must be one of {', '.join(get_args(ReplyFormat))}, not {describe_value(reply_format)}"
        )
