"""A program and its inputs as bytes for another process: functions and classes of a script included, keys never.

A model's key is named by its environment variable, which is read over there; a key that stands in no variable is refused.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping
from typing import Any

from refine_core.configuration import get_setting
from refine_core.errors import LMKeyError
from refine_core.lm.base import BaseLM
from refine_core.lm.secrecy import MIN_SECRET_IN_REPLY_CHARS
from refine_core.log.scope import current_scope
from refine_core.modules.attempt_context import AttemptContext
from refine_core.modules.parameter import Parameter
from refine_core.modules.pickles import dumps, find_culprit_attribute, remove_keys
from refine_core.modules.tree import Tree
from refine_core.spec.secrets import SECRET_NAME, environment_key


def pack(value: Any, where: str, subject: Any) -> bytes:
    """The value as bytes. where: what it is, for errors. subject: the program or inputs in it, searched for the culprit.

    Raises TypeError for what cannot be pickled; LMKeyError for a key that would have to travel.
    """
    try:
        data = dumps(value, _carry)
    except LMKeyError:
        raise
    except Exception as error:
        raise TypeError(
            f"{where} cannot be sent to another process: {_find_culprit(subject)} cannot be pickled "
            f"({type(error).__name__}: {error}). Make it inside the call, or give its class a __getstate__ that leaves it out"
        ) from error
    for name, secret in os.environ.items():
        if SECRET_NAME.search(name) and len(secret) >= MIN_SECRET_IN_REPLY_CHARS and secret.encode() in data:
            raise LMKeyError(
                f"{where} holds the value of {name}, and a key is never sent to another process; "
                f'read it where it is used, as os.environ["{name}"]'
            )
    return data


def unpack(data: bytes) -> Any:
    """What was packed. Raises what unpickling raises; LMKeyError if a key's variable is not set here."""
    return pickle.loads(data)  # noqa: S301  # by our own caller, through an executor of theirs


def _carry(one: BaseLM | Parameter, state: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a model or predictor as they travel."""
    replace: Callable[[str, Any], Any] = lambda name, value: _by_variable(one, name, value)  # noqa: E731
    carried: dict[str, Any] = {}
    for name, value in {**state, **_left_out(one)}.items():
        if name in ("kwargs", "config", "_private") and isinstance(value, Mapping):
            secret = {inner: replace(inner, it) for inner, it in value.items() if _is_secret(name, inner)}
            carried[name] = {**value, **secret}
        elif isinstance(context := value, AttemptContext):
            carried[name] = _Call(_make_context, context.path, context.full_hint())
        else:
            carried[name] = replace(name, value) if _is_secret("", name) else value
    if carried.get("api_base") != remove_keys(carried).get("api_base"):
        raise LMKeyError(
            f"The address of the model {_name(one)!r} holds a login or a query, which is never sent to another process; "
            "give the key as api_key, from a variable of the environment",
            model=_name(one),
        )
    return carried


def _left_out(one: object) -> dict[str, Any]:
    """What pickles of models and predictors leave out, and what a call needs."""
    return {name: value for name in ("_private", "attempt_context") if (value := getattr(one, name, None))}


def _is_secret(group: str, name: object) -> bool:
    return group == "_private" or SECRET_NAME.search(str(name)) is not None


def _name(one: object) -> str:
    return str(getattr(one, "model", type(one).__name__))


def _by_variable(one: object, name: str, value: object) -> object:
    """A secret by the name of its variable. Raises LMKeyError if it is in none."""
    if not value:
        return value
    variable = next((v for v, held in os.environ.items() if held == value and SECRET_NAME.search(v)), None)
    if variable is None:
        raise LMKeyError(
            f"The {name} of the model {_name(one)!r} was typed into the code, and a key is never sent to another process. "
            f"Put it into a variable of the environment, here and where the calls will run, and write "
            f'{name}=os.environ["THE_VARIABLE_KEY"]; a server that needs no key is given none',
            model=_name(one),
        )
    return _Call(_read_variable, variable, _name(one))


class _Call:
    """What is pickled as a call, and made over there."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self._reduced = (function, args)

    def __reduce__(self) -> tuple[Any, ...]:
        return self._reduced


def _read_variable(variable: str, model: str) -> str:
    if (key := environment_key(variable)) is None:
        raise LMKeyError(
            f"The model {model!r} needs the key in {variable}, which is not set in the process that runs the call; "
            "set it there, since keys are not sent",
            model=model,
        )
    return key


def _make_context(path: str, hint: str | None) -> AttemptContext:
    """An attempt's context for the process in which the program arrives: hint and name are the attempt's, the rest is this call's."""
    return AttemptContext(path, current_scope(), hint, get_setting("_attempt"), {})


def _find_culprit(subject: Any) -> str:
    """Which part cannot be pickled, in words."""
    if isinstance(subject, Tree):
        return find_culprit_attribute(subject)
    if isinstance(subject, Mapping):
        for name, value in subject.items():
            try:
                dumps(value, _carry)
            except Exception:  # noqa: BLE001  # it is asked whether it would fail
                return repr(name)
    return f"this {type(subject).__name__}"
