"""Saved connections: a name, the preset it began with, and the description of the model. Never a key.

    save_connection --> the store's documents of kind "connection", by name --> list_connections

A document that cannot be read, perhaps of a newer version, is left out and logged; it stays in the store.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

from refine_core import runs
from refine_core.connections.presets import PRESETS
from refine_core.errors import Problem, SpecError
from refine_core.local_model import TITLE, describe_model, local_model
from refine_core.log import codec
from refine_core.spec import ModelSpec, ReplyFormat
from refine_core.spec.models import check_model
from refine_core.spec.pasted_keys import is_pasted_key
from refine_core.store import Store

logger = logging.getLogger("refine_core")

KIND = "connection"
MAX_NAME_CHARS = 60
MAX_FORMER_NAMES = 20


@dataclass(frozen=True, slots=True)
class Connection:
    """A model under a name that the user chose. preset: a key of PRESETS. model: its `connection` is this name.

    former: earlier names, the latest last.
    """

    name: str
    preset: str
    model: ModelSpec
    former: tuple[str, ...] = ()


def list_models(store: Store | None = None) -> dict[str, ModelSpec]:
    """Name -> model, of what can be chosen: the small model on this machine, once it is set up, and the saved connections."""
    status = local_model.status()
    local = {} if status.phase in ("absent", "setting_up") else {TITLE: describe_model(status.name)}
    saved = {one.name: one.model for one in list_connections(store)}
    return {name: replace(model, connection=name) for name, model in {**local, **saved}.items()}


def list_connections(store: Store | None = None) -> list[Connection]:
    """The saved connections, sorted by name. store: None is the store of the runs. Raises StoreError."""
    documents = _store(store).documents(KIND)
    connections = (_read(name, text) for name, text in documents.items())
    return sorted(
        filter(None, connections), key=lambda connection: (connection.name.casefold(), connection.name)
    )


def save_connection(
    connection: Connection, *, replacing: str | None = None, store: Store | None = None
) -> None:
    """Save a connection. replacing: its name until now; None for a new one, whose name must be free.

    Blanks at the ends of the name are removed, and the model gets its preset's prefix where it lacks it.
    Raises: SpecError with a Problem for each invalid field, and nothing is saved; StoreError.
    """
    place = _store(store)
    connection = _tidy(connection)
    problems = check_connection(connection)
    others = {name.casefold() for name in place.documents(KIND) if name != replacing}
    if connection.name.casefold() in others:
        problems.append(
            Problem("name", f"there is a connection {connection.name!r} already; choose another name")
        )
    if problems:
        raise SpecError(problems)
    if replacing not in (None, connection.name):
        names = dict.fromkeys((*connection.former, replacing))
        former = tuple(n for n in names if n is not None and n != connection.name)[-MAX_FORMER_NAMES:]
        connection = replace(connection, former=former)
    place.put(KIND, connection.name, codec.dumps(connection))
    if replacing is not None and replacing != connection.name:
        place.drop(KIND, replacing)  # last, so that a failure in between loses nothing


def save_format(model: ModelSpec, reply_format: ReplyFormat, store: Store | None = None) -> bool:
    """Save the reply format that a test of `model` chose; whether it was saved.

    It is saved where `model` is that of a saved connection, unchanged, its format is "auto", and it did not keep the chat
    format.
    """
    if not model.connection or model.reply_format != "auto" or reply_format == "chat":
        return False
    place = _store(store)
    saved = next((one for one in list_connections(place) if one.name == model.connection), None)
    if saved is None or saved.model != model:
        return False
    save_connection(
        replace(saved, model=replace(model, reply_format=reply_format)), replacing=saved.name, store=place
    )
    return True


def remove_connection(name: str, store: Store | None = None) -> bool:
    """Remove a connection; whether there was one. Its runs stay as they are. Raises StoreError."""
    return _store(store).drop(KIND, name)


def check_connection(connection: Connection) -> list[Problem]:
    """The problems with a connection, by field; [] if it can be saved and used. Other connections are not compared."""
    return [*_name_problems(connection), *check_model(connection.model)]


def _name_problems(connection: Connection) -> Iterator[Problem]:
    name = connection.name
    if not name.strip():
        yield Problem("name", "give the connection a name, such as work or my laptop")
    elif is_pasted_key(name):
        yield Problem(
            "name",
            "this looks like a key; choose a name for the connection, and type the key in its own field",
        )
    elif name.strip() == TITLE:
        yield Problem(
            "name", "that is what the model that the app itself runs is called; choose another name"
        )
    elif not name.isprintable() or len(name) > MAX_NAME_CHARS:
        yield Problem("name", f"the name must be one line of at most {MAX_NAME_CHARS} characters")
    if (preset := PRESETS.get(connection.preset)) is None:
        yield Problem("preset", f"unknown preset; choose one of {', '.join(PRESETS)}")
    elif preset.wants_address and not connection.model.api_base:
        yield Problem(
            "api_base", "enter the server's base URL, such as " + (preset.address or "https://HOST/v1")
        )
    if connection.model.kind != "litellm":
        yield Problem(
            "model", "only real models need a connection; the practice model and replays work without one"
        )


def _tidy(connection: Connection) -> Connection:
    """The connection as it is saved: no blanks around names, the model with its prefix and with the connection's name."""
    name, model = connection.name.strip(), connection.model
    preset = PRESETS.get(connection.preset)
    full = preset.full_name(model.model) if preset else model.model
    saved = replace(
        model, model=full, api_base=model.api_base or None, key_env=model.key_env or None, connection=name
    )
    return replace(connection, name=name, model=saved)


def _store(store: Store | None) -> Store:
    return runs.default().store if store is None else store


def _read(name: str, text: str) -> Connection | None:
    """The connection in a document, or None. The log names a document that cannot be read, never its content."""
    try:
        read = codec.build(Connection, codec.loads(text))  # type: ignore[arg-type]  # what it is shows on the next lines
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        logger.warning("connection %r cannot be read (%s); it is left as it is", name, type(error).__name__)
        return None
    if read.name != name or not _has_type(Connection, read):
        logger.warning("connection %r is incomplete; it is left unchanged", name)
        return None
    return replace(read, model=replace(read.model, connection=name))


def _has_type(hint: object, value: object) -> bool:
    """Whether a value is of a dataclass field's type; JSON may hold anything."""
    origin, inner = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint)
        return isinstance(value, hint) and all(
            _has_type(hints[f.name], getattr(value, f.name)) for f in dataclasses.fields(hint)
        )
    if origin is Literal:
        return value in inner
    if origin in (Union, UnionType):
        return any(_has_type(one, value) for one in inner)
    if origin is tuple:
        return isinstance(value, tuple) and all(_has_type(inner[0], one) for one in value)
    if origin is Mapping:
        return isinstance(value, Mapping)
    if hint is int and isinstance(value, bool):
        return False
    return isinstance(value, hint) if isinstance(hint, type) else True
