"""Connections that are kept: a name, the preset it began with, and the description of the model. Never a key.

    save -> the store's documents of kind "connection", one a name -> saved

A document that cannot be read, of a newer version perhaps, is left out and logged; it stays where it is.
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
from refine_core.log import codec
from refine_core.spec import ModelSpec, ReplyFormat
from refine_core.spec.models import check_model
from refine_core.spec.pasted_keys import is_pasted_key
from refine_core.store import Store

logger = logging.getLogger("refine_core")

KIND = "connection"
MOST_NAME = 60
MOST_FORMER = 20


@dataclass(frozen=True, slots=True)
class Connection:
    """A model under a name of the person's own. preset: a key of PRESETS. model: its `connection` is this name.

    former: names that it had before, the latest last.
    """

    name: str
    preset: str
    model: ModelSpec
    former: tuple[str, ...] = ()


def saved(store: Store | None = None) -> list[Connection]:
    """The connections that are kept, by name. store: None means the one of the runs. Raises StoreError."""
    kept = _store(store).documents(KIND)
    read = (_read(name, text) for name, text in kept.items())
    return sorted(filter(None, read), key=lambda connection: (connection.name.casefold(), connection.name))


def save(connection: Connection, *, replacing: str | None = None, store: Store | None = None) -> None:
    """Keep a connection. replacing: the name that it had until now; None for a new one, which takes no other's name.

    Blanks at the ends of the name go, and the model gets its preset's prefix where it lacks it. Raises: SpecError with a
    Problem for each field that will not do, and nothing is kept; StoreError.
    """
    place = _store(store)
    connection = _tidy(connection)
    found = problems(connection)
    others = {name.casefold() for name in place.documents(KIND) if name != replacing}
    if connection.name.casefold() in others:
        found.append(
            Problem("name", f"there is a connection {connection.name!r} already; choose another name")
        )
    if found:
        raise SpecError(found)
    if replacing not in (None, connection.name):
        names = dict.fromkeys((*connection.former, replacing))
        former = tuple(n for n in names if n is not None and n != connection.name)[-MOST_FORMER:]
        connection = replace(connection, former=former)
    place.put(KIND, connection.name, codec.dumps(connection))
    if replacing is not None and replacing != connection.name:
        place.drop(KIND, replacing)  # last, so that a failure in between loses nothing


def keep_format(model: ModelSpec, found: ReplyFormat, store: Store | None = None) -> bool:
    """Keep the reply format that a test of `model` found, and tell whether that was done.

    It is, where the model is a saved connection as it stands, that is asked by "auto", which does not keep the chat format.
    """
    if not model.connection or model.reply_format != "auto" or found == "chat":
        return False
    place = _store(store)
    kept = next((one for one in saved(place) if one.name == model.connection), None)
    if kept is None or kept.model != model:
        return False
    save(replace(kept, model=replace(model, reply_format=found)), replacing=kept.name, store=place)
    return True


def remove(name: str, store: Store | None = None) -> bool:
    """Forget a connection; whether there was one. Runs that were made with it stay as they are. Raises StoreError."""
    return _store(store).drop(KIND, name)


def problems(connection: Connection) -> list[Problem]:
    """What keeps a connection from being saved or used, by field; [] if nothing does. Other connections are not looked at."""
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
    elif not name.isprintable() or len(name) > MOST_NAME:
        yield Problem("name", f"the name must be one line of at most {MOST_NAME} characters")
    if (preset := PRESETS.get(connection.preset)) is None:
        yield Problem("preset", f"there is no preset of this name; choose one of {', '.join(PRESETS)}")
    elif preset.wants_address and not connection.model.api_base:
        yield Problem(
            "api_base", "give the server's address, such as " + (preset.address or "https://HOST/v1")
        )
    if connection.model.kind != "litellm":
        yield Problem(
            "model", "only a real model can be connected; the practice model and replays are there without it"
        )


def _tidy(connection: Connection) -> Connection:
    """As it is kept: names without blanks at their ends, the model with its prefix, and with the connection's name."""
    name, model = connection.name.strip(), connection.model
    preset = PRESETS.get(connection.preset)
    full = preset.full_name(model.model) if preset else model.model
    kept = replace(
        model, model=full, api_base=model.api_base or None, key_env=model.key_env or None, connection=name
    )
    return replace(connection, name=name, model=kept)


def _store(store: Store | None) -> Store:
    return runs.default().store if store is None else store


def _read(name: str, text: str) -> Connection | None:
    """The connection in a document, or None. The log says which could not be read, and never what is in it."""
    try:
        read = codec.build(Connection, codec.loads(text))  # type: ignore[arg-type]  # what it is shows on the next lines
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        logger.warning("connection %r cannot be read (%s); it is left as it is", name, type(error).__name__)
        return None
    if read.name != name or not _fits(Connection, read):
        logger.warning("connection %r does not hold what it should; it is left as it is", name)
        return None
    return replace(read, model=replace(read.model, connection=name))


def _fits(hint: object, value: object) -> bool:
    """Whether a value is of the type that a dataclass promises; what JSON gave may be anything."""
    origin, inner = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint)
        return isinstance(value, hint) and all(
            _fits(hints[f.name], getattr(value, f.name)) for f in dataclasses.fields(hint)
        )
    if origin is Literal:
        return value in inner
    if origin in (Union, UnionType):
        return any(_fits(one, value) for one in inner)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(inner[0], one) for one in value)
    if origin is Mapping:
        return isinstance(value, Mapping)
    if hint is int and isinstance(value, bool):
        return False
    return isinstance(value, hint) if isinstance(hint, type) else True
