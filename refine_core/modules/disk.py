"""Files of saved programs: bytes that appear whole or not at all, JSON that is only data, versions to compare."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import logging
import math
import os
import shutil
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import refine_core
from refine_core.errors import StateError, UnwritableStateError

logger = logging.getLogger("refine_core")


def write_file(where: Path, data: bytes) -> None:
    """Replace the file as a whole."""
    target = Path(os.path.realpath(where))  # through a link, not in its place
    temporary = _temporary_path(target)
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _temporary_path(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")


def write_folder(where: Path, parts: Mapping[str, bytes]) -> None:
    """Write files (name -> contents) into a folder; a new folder appears with all of them at once."""
    if where.is_dir():  # it may hold other things, and they stay
        for name, data in parts.items():
            write_file(where / name, data)
        return
    where.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_path(where)
    temporary.mkdir()
    try:
        for name, data in parts.items():
            write_file(temporary / name, data)
        temporary.rename(where)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def to_json(state: Mapping[str, Any]) -> bytes:
    """A state as JSON text. Raises StateError that names the parameter and field of what JSON cannot hold."""
    text = json.dumps(
        {name: to_state_json(value, name) for name, value in state.items()}, indent=2, ensure_ascii=False
    )
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a surrogate pair: only its escape can be written
        return json.dumps(json.loads(text), indent=2).encode()


def parse_json(data: bytes, where: Path) -> dict[str, Any]:
    """The object in a JSON file's bytes. Raises StateError that names the file."""
    try:
        state = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise StateError(
            f"{where} is not JSON ({error}); it is damaged or was not written by save()"
        ) from None
    if not isinstance(state, dict):
        raise StateError(
            f"{where} holds a {type(state).__name__}, not a program's state; was it saved by save()?"
        )
    return state


def to_state_json(value: Any, path: str) -> Any:
    """`value` as JSON types: models and dataclasses as dicts, dates as ISO text, sets and tuples as lists.

    path: where the value lies, for the error. Raises StateError for what JSON cannot hold, NaN and infinity included.
    """
    if value is None or type(value) in (bool, str, int):
        return value
    if isinstance(value, enum.Enum):
        return to_state_json(value.value, path)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _not_json_error(path, str(value))
        return float(value)
    if isinstance(value, (str, int)):  # of a user's own class: the value stays, the class goes
        return str.__str__(value) if isinstance(value, str) else int(value)
    if isinstance(value, Mapping):
        return {_key(key, path): to_state_json(one, f"{path}[{key!r}]") for key, one in dict(value).items()}
    if isinstance(value, (list, tuple)):
        return [to_state_json(one, f"{path}[{i}]") for i, one in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        return [to_state_json(one, path) for one in sorted(value, key=repr)]
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if not isinstance(value, type):
        if callable(dump := getattr(value, "model_dump", None)):
            return to_state_json(dump(), path)
        if dataclasses.is_dataclass(value):
            return {
                f.name: to_state_json(getattr(value, f.name), f"{path}.{f.name}")
                for f in dataclasses.fields(value)
            }
    raise _not_json_error(path, f"a {type(value).__name__}")


def _key(key: object, path: str) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, int) and not isinstance(key, bool):
        return str(int(key))
    raise _not_json_error(path, f"a dict with the key {key!r}")


def _not_json_error(path: str, what: str) -> UnwritableStateError:
    return UnwritableStateError(
        f"{path} is {what}, which JSON cannot hold; save to a path that ends with .pkl instead"
    )


_BESIDE = ("refine_core", "pydantic", "litellm")
"""Packages whose versions are kept beside `dependency_versions`, as dspy's load would stop at these names in it."""


def installed_versions(*packages: str) -> dict[str, Any]:
    """What a file's metadata says it depends on, `packages` too; those that are not installed are left out."""
    names = ("python", "cloudpickle", "refine_core", *packages)
    now = {name: version for name in names if (version := _installed_version(name))}
    beside = {name: now.pop(name) for name in _BESIDE if name in now}
    return {"dependency_versions": now, **beside}


def _installed_version(package: str) -> str | None:
    if package == "python":
        return f"{sys.version_info.major}.{sys.version_info.minor}"
    if package == "refine_core":
        return refine_core.__version__
    try:
        return ".".join(metadata.version(package).split(".")[:2])
    except metadata.PackageNotFoundError:
        return None


def read_versions(saved: Any, where: Path) -> Mapping[str, str]:
    """What the file says it was written with; nothing, for a state that was never in a file."""
    versions = saved.get("dependency_versions", {}) if isinstance(saved, Mapping) else None
    if not isinstance(versions, Mapping):
        raise UnwritableStateError(
            f"{where}: its metadata is of another shape; it is damaged or was not written by save()"
        )
    return {**versions, **{name: saved[name] for name in _BESIDE if name in saved}}


def warn_of_versions(saved: Mapping[str, str], where: Path) -> None:
    """Log a warning for each version that is another one here."""
    for name, version in saved.items():
        now = _installed_version(name)
        if name != "dspy" and now != version:  # a file of dspy's is no worse for it
            logger.warning(
                "%s was saved with %s %s, and here is %s: it may behave otherwise; load it where it was saved, or save "
                "it again once you have checked it",
                where,
                name,
                version,
                now or "none",
            )
