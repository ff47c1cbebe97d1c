"""Where the models of a run that came in a file would send things: a person sees that, and agrees, before anything is sent.

A description may name any address and any environment variable. One that a person filled in here says what they want; one that
came from elsewhere could have their key sent to whoever wrote it.

list_foreign(spec) -> ForeignModel(role, where, text), for each model that is not simply a provider's own or on this machine
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from refine_core.errors import Problem, SpecError
from refine_core.spec.program import ModelSpec, ProgramSpec

_PLAIN_NAME: Final = re.compile(r"[\w.:@+-]+(/[\w.:@+-]+)*")
_PLAIN_VALUE: Final = re.compile(r"[\w -]{0,60}")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class ForeignModel:
    """A model of a description from elsewhere. role: "model", "adviser" or "judge".

    where: its address, or its name where it has none. text: all that would be sent where, in a few words; whoever agrees, agrees to this.
    """

    role: str
    where: str
    text: str


def list_foreign(spec: ProgramSpec) -> tuple[ForeignModel, ...]:
    """The models that send prompts, and maybe a key, where nobody here has said that they may. One on this machine is none."""
    return tuple(
        ForeignModel(role, model.api_base or model.model, describe_sending(model))
        for role, model in spec.models.items()
        if model.kind == "litellm" and not _is_plain(model)
    )


def list_inherited(spec: ProgramSpec, origin: ProgramSpec) -> tuple[ForeignModel, ...]:
    """Those of `spec` that are as `origin` has them, for whatever role; a model that a person chose instead is none."""
    theirs = {one.where for one in list_foreign(origin)}
    return tuple(one for one in list_foreign(spec) if one.where in theirs)


def require_agreed(foreign: Collection[ForeignModel], agreed: Collection[str]) -> None:
    """Raise SpecError for the models that nobody has agreed to. agreed: their texts."""
    missing = {one.text: one for one in foreign if one.text not in agreed}
    if missing:
        raise SpecError(
            [
                Problem(
                    f"{one.role}.agreed",
                    f"this came from a file, and would ask {one.text}. Agree to that address first, or choose another model",
                )
                for one in missing.values()
            ]
        )


def describe_sending(model: ModelSpec) -> str:
    """What is sent where: "openai/gpt-4.1 at https://host/v1, with the key in OPENAI_API_KEY"."""
    at = f" at {model.api_base}" if model.api_base else ""
    by = f", as {model.provider}" if model.provider else ""
    key = f", with the key in {model.key_env}" if model.key_env else ""
    extra = "".join(
        f", {name} = {value!r}" for name, value in model.extra.items() if not _is_plain_value(value)
    )
    return f"{model.model}{at}{by}{key}{extra}"


def _is_plain(model: ModelSpec) -> bool:
    """Whether it sends a provider's own key to this provider, or nothing beyond this machine."""
    if not isinstance(model.extra, Mapping) or not all(map(_is_plain_value, model.extra.values())):
        return False
    if not _PLAIN_NAME.fullmatch(model.model) or not isinstance(model.api_base, str | None):
        return False
    if model.api_base:
        return _is_here(model.api_base)
    provider = model.provider or model.model.partition("/")[0]
    own = f"{re.sub(r'[^A-Z0-9]', '_', provider.upper())}_API_KEY"
    return model.provider is None and model.key_env in (None, "", own)


def _is_here(address: str) -> bool:
    try:
        return urlsplit(address).hostname in _LOOPBACK
    except ValueError:
        return False


def _is_plain_value(value: object) -> bool:
    """Whether a further parameter can hold no address: a number, a truth value or a few words."""
    return (
        value is None
        or isinstance(value, bool | int | float)
        or (isinstance(value, str) and _PLAIN_VALUE.fullmatch(value) is not None)
    )
