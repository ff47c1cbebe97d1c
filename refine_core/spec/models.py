"""Problems with the description of a model: what prevents its use, and what would reveal a secret.

    check_model(ModelSpec) -> [Problem(field, message)]        field: the name of ModelSpec's own field

A description is recorded, shown and shipped, so it must hold no key: not in the address, not where a variable's name
belongs, not among the extra parameters. What looks like a key is never repeated in a message.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import get_args
from urllib.parse import urlsplit

from refine_core.errors import Problem
from refine_core.spec.pasted_keys import LONG, begins_like_key, is_pasted_key
from refine_core.spec.program import ModelSpec, ReplyFormat
from refine_core.spec.schedule import MAX_TEMPERATURE
from refine_core.spec.secrets import SECRET_LIKE, is_secret

MAX_TOKENS = 10_000_000
MAX_TIMEOUT_S = 3600.0
MAX_RETRIES = 10
MAX_CHARACTERS = 300
MAX_LEVELS = 8

_DIGEST = re.compile(r"[:@](?:[0-9a-f]{40}|[0-9a-f]{64})$")  # of a version, as in replicate/…:02e509c7…
_ACCOUNT = re.compile(r"[0-9a-f]{32}")  # in the middle of a gateway's address
_NAMES_SOMEBODY = frozenset(("user", "safety_identifier"))  # providers ask for a digest there
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")
_PARAMETER = re.compile(r"[A-Za-z_]\w{0,99}")
_EFFORT = re.compile(r"[a-z_]{1,20}")

_WHERE_INSTEAD = {
    **dict.fromkeys(("model", "model_type"), "name the model in its own field"),
    **dict.fromkeys(("messages", "prompt"), "the program writes them"),
    **dict.fromkeys(("api_base", "base_url"), "use the Base URL field"),
    **dict.fromkeys(
        ("api_key", "key", "azure_ad_token"),
        "type the key in its own field, or name a variable that holds it",
    ),
    **dict.fromkeys(
        ("headers", "extra_headers", "default_headers"), "headers may carry keys, so they are not kept"
    ),
    "temperature": "it has a field of its own",
    **dict.fromkeys(
        ("max_tokens", "max_completion_tokens", "max_output_tokens"),
        "use the Max tokens field; it is sent under the name that the model supports",
    ),
    **dict.fromkeys(("seed", "stop", "reasoning_effort"), "it has a field of its own"),
    **dict.fromkeys(
        ("timeout", "timeout_s", "request_timeout", "stream_timeout"), "use the field for the time limit"
    ),
    **dict.fromkeys(("num_retries", "max_retries"), "use the field for retries"),
    **dict.fromkeys(("custom_llm_provider", "provider"), "the model's name says it, as in provider/model"),
    **dict.fromkeys(("price_in_usd", "price_out_usd"), "prices have fields of their own"),
    **dict.fromkeys(("cache", "cache_in_memory", "rollout_id"), "use the setting Cache identical calls"),
    **dict.fromkeys(("stream", "stream_options"), "replies are streamed by the app itself"),
    "logprobs": "log probabilities are not kept",
    "n": "one reply is read per call; use Best of N to get several",
    **dict.fromkeys(
        ("callbacks", "finetuning_model", "launch_kwargs", "train_kwargs", "self"), "it has no effect here"
    ),
}
"""Further parameters that are refused -> where they belong instead."""


def check_model(model: ModelSpec) -> list[Problem]:
    """All problems that prevent this description from being used or kept, by its fields' names; [] for none.

    Only looks: nothing is asked, and no variable is read. Values of wrong types are problems, not errors.
    """
    return [*_check_name(model), *_check_address(model), *_check_key(model), *_check_numbers(model),
            *_check_words(model), *_check_extra(model)]  # fmt: skip


def _check_name(model: ModelSpec) -> Iterator[Problem]:
    name: object = model.model
    for field in ("connection", "provider"):
        if isinstance(text := getattr(model, field), str) and is_pasted_key(text):
            yield Problem(
                field, f"this looks like a key, and a name belongs here; {_WHERE_INSTEAD['api_key']}"
            )
    if model.kind == "replay" and not model.recording_id:
        yield Problem("recording_id", "choose the recorded run to replay")
    if model.kind != "litellm":
        return
    if not isinstance(name, str) or not name.strip():
        yield Problem("model", "name a model, such as openai/gpt-4.1-mini")
    elif is_pasted_key(_DIGEST.sub("", name)):
        yield Problem(
            "model", "this looks like a key; the model's name belongs here, the key in its own field"
        )
    elif re.match(r"https?:", name, re.IGNORECASE):
        yield Problem("model", "this is a URL; enter the model's name here, and the URL as the base URL")
    elif not name.isprintable() or name != name.strip() or len(name) > MAX_CHARACTERS:
        yield Problem("model", "the model's name must be one line without leading or trailing spaces")


def _check_address(model: ModelSpec) -> Iterator[Problem]:
    address: object = model.api_base
    if address is None or address == "":
        return
    if not isinstance(address, str) or not _is_address(address):
        yield Problem(
            "api_base",
            "the base URL must begin with http:// or https:// and name a host, such as http://127.0.0.1:8000/v1",
        )
        return
    parts = urlsplit(address)
    *middle, last = parts.path.split("/")
    path = "/".join((*(part for part in middle if not _ACCOUNT.fullmatch(part)), last))
    # The host's name may look random, as those of cloud functions do.
    if (
        "@" in parts.netloc
        or begins_like_key(parts.netloc)
        or SECRET_LIKE.search(path)
        or is_pasted_key(path)
    ):
        yield Problem(
            "api_base", "the base URL must hold no user, password or key; type the key in its own field"
        )
    elif "?" in address or "#" in address:
        yield Problem(
            "api_base",
            "the base URL must end before the “?” or “#”; type a key in its own field, a version in the extra parameters",
        )


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        clean = text.isprintable() and " " not in text and len(text) <= MAX_CHARACTERS
        port = parts.port
        return (
            clean
            and parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and (port is None or port > 0)
        )
    except ValueError:
        return False


def _check_key(model: ModelSpec) -> Iterator[Problem]:
    name: object = model.key_env
    if name is None or name == "":
        return
    if isinstance(name, str) and _VARIABLE.fullmatch(name) and not is_pasted_key(name):
        return
    if isinstance(name, str) and (SECRET_LIKE.search(name) or is_pasted_key(name) or len(name) > LONG):
        message = "this looks like the key itself; type that in the key's own field, and here the name of a variable"
    else:
        message = "enter the name of an environment variable: capitals, digits and underscores"
    yield Problem("key_env", f"{message}, such as OPENAI_API_KEY")


def _check_numbers(model: ModelSpec) -> Iterator[Problem]:
    if model.temperature is not None:
        yield from _check_number("temperature", model.temperature, "the temperature", 0.0, MAX_TEMPERATURE)
    yield from _check_number("timeout_s", model.timeout_s, "the time limit in seconds", 0.0, MAX_TIMEOUT_S)
    if model.timeout_s == 0:
        yield Problem("timeout_s", "the time limit must be more than 0 seconds")
    yield from _check_number("retries", model.retries, "the number of retries", 0, MAX_RETRIES)
    if model.max_tokens is not None:
        yield from _check_number("max_tokens", model.max_tokens, "max tokens", 1, MAX_TOKENS)
    if model.seed is not None:
        yield from _check_number("seed", model.seed, "the seed", -(2**63), 2**63 - 1)
    for field in ("price_in_usd", "price_out_usd"):
        price: object = getattr(model, field)
        if price is not None:
            yield from _check_number(field, price, "the price per million tokens in US dollars", 0.0, 1e6)


def _check_number(field: str, value: object, what: str, minimum: float, maximum: float) -> Iterator[Problem]:
    """A problem unless it is a number within the limits; an integer if the limits are integers."""
    whole = isinstance(minimum, int)
    kind = int if whole else (int, float)
    if (
        isinstance(value, bool) or not isinstance(value, kind) or not minimum <= value <= maximum
    ):  # NaN is not, either
        form = "," if whole else ",.0f"
        yield Problem(
            field, f"{what} must be a {'whole ' * whole}number from {minimum:{form}} to {maximum:{form}}"
        )


def _check_words(model: ModelSpec) -> Iterator[Problem]:
    stop: object = model.stop
    if not isinstance(stop, (tuple, list)) or not all(isinstance(text, str) and text for text in stop):
        yield Problem("stop", "every stop text must have at least one character")
    elif any(SECRET_LIKE.search(text) or is_pasted_key(text) for text in stop):
        yield Problem("stop", f"a stop text looks like a key, and this is kept; {_WHERE_INSTEAD['api_key']}")
    formats = get_args(ReplyFormat)
    if model.reply_format not in formats:
        yield Problem("reply_format", f"the reply format is one of {', '.join(formats)}")
    effort: object = model.reasoning_effort
    if effort is not None and not (isinstance(effort, str) and _EFFORT.fullmatch(effort)):
        yield Problem("reasoning_effort", "the reasoning effort is a word such as low, medium or high")


def _check_extra(model: ModelSpec) -> Iterator[Problem]:
    extra: object = model.extra
    if not isinstance(extra, Mapping):
        yield Problem("extra", 'extra parameters must be a JSON object, such as {"top_p": 0.9}')
        return
    for name, value in extra.items():
        if not isinstance(name, str) or not _PARAMETER.fullmatch(name) or is_pasted_key(name):
            yield Problem(
                "extra", "names of extra parameters are letters, digits and underscores, such as top_p"
            )
        elif name in _WHERE_INSTEAD:
            yield Problem("extra", f"{name} cannot be an extra parameter: {_WHERE_INSTEAD[name]}")
        elif is_secret(name):
            yield Problem(
                "extra", f"{name} is named like a secret, and this is kept; {_WHERE_INSTEAD['api_key']}"
            )
        elif name in _NAMES_SOMEBODY and isinstance(value, str) and not SECRET_LIKE.search(value):
            continue
        elif why := _explain_not_json(value):
            yield Problem("extra", f"{name}: {why}")


def _explain_not_json(value: object, levels: int = MAX_LEVELS) -> str | None:
    """Why a value cannot be sent and kept, or None."""
    match value:
        case None | bool() | int():
            return None
        case float():
            return None if math.isfinite(value) else "a number must be finite"
        case str():
            is_secret_like = SECRET_LIKE.search(value) or is_pasted_key(value)
            return (
                f"a value looks like a key, and this is kept; {_WHERE_INSTEAD['api_key']}"
                if is_secret_like
                else None
            )
        case Mapping() | list() | tuple() if not levels:
            return f"values may be nested {MAX_LEVELS} levels deep"
        case Mapping():
            if not all(isinstance(name, str) and not is_pasted_key(name) for name in value):
                return "the names in a JSON object are short texts"
            if any(is_secret(name) for name in value):
                return f"a name in it is that of a secret, and this is kept; {_WHERE_INSTEAD['api_key']}"
            return next(
                (why for inner in value.values() if (why := _explain_not_json(inner, levels - 1))), None
            )
        case list() | tuple():
            return next((why for inner in value if (why := _explain_not_json(inner, levels - 1))), None)
        case _:
            return f"{type(value).__name__} is not JSON; give texts, numbers, true, false, null, lists and objects"
