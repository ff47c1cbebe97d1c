"""The files of saved programs: a state as .json or .pkl, a whole program as a folder. See refine_core.modules.saving."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from refine_core.errors import NoFolderError, StateError, UnsafeLoadError
from refine_core.modules.disk import (
    installed_versions,
    parse_json,
    read_versions,
    to_json,
    warn_of_versions,
    write_file,
    write_folder,
)
from refine_core.modules.pickles import dump_pickle, find_culprit, find_culprit_attribute, load_pickle
from refine_core.modules.tree import Tree

if TYPE_CHECKING:
    import os

    from refine_core.modules.module import Module

PROGRAM, METADATA = "program.pkl", "metadata.json"


def write_state(state: dict[str, Any], where: Path, modules: Sequence[ModuleType]) -> None:
    """Write a state and its versions. modules: whose code goes into a pickle. Raises StateError, OSError."""
    suffix = _state_suffix(where, "write")
    if "metadata" in state:
        raise StateError(
            "a state file keeps its versions under 'metadata', which is also the name of one of this program's "
            "attributes; rename the attribute"
        )
    state = {**state, "metadata": installed_versions()}
    if suffix == ".json":
        write_file(where, to_json(state))
    else:
        write_file(where, dump_pickle(state, modules, lambda: find_culprit(state)))


def write_program(module: object, where: Path, modules: Sequence[ModuleType]) -> None:
    """Write the whole program into the folder. Raises StateError, OSError."""
    if where.suffix:
        raise StateError(
            f"cannot write {where}: a whole program is a folder, so its name has no {where.suffix!r}"
        )
    if where.exists() and not where.is_dir():
        raise NoFolderError(f"cannot write {where}: it is a file; name a folder, or remove the file")
    code = dump_pickle(module, modules, lambda: find_culprit_attribute(cast("Tree", module)))
    metadata = {
        **installed_versions("pydantic", "litellm"),
        "program_sha256": sha256(code).hexdigest(),  # tells when the two files are not of one save
    }
    write_folder(where, {PROGRAM: code, METADATA: json.dumps(metadata, indent=2).encode()})


def read_state(where: Path, *, allow_pickle: bool) -> tuple[dict[str, Any], Mapping[str, str]]:
    """The state in a file, and the versions that it was written with. Raises FileNotFoundError, UnsafeLoadError, StateError."""
    suffix = _state_suffix(where, "read")
    if not where.exists():
        raise FileNotFoundError(f"{where} does not exist; a state is saved by program.save(path)")
    if suffix == ".json":
        state = parse_json(where.read_bytes(), where)
    else:
        state = _unpickle_state(where, allow_pickle)
    return state, read_versions(state.pop("metadata", {}), where)


def _unpickle_state(where: Path, allow_pickle: bool) -> dict[str, Any]:
    _check_allowed(where, allow_pickle)
    state = load_pickle(where.read_bytes(), where)
    if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
        raise StateError(
            f"{where} holds a {type(state).__name__}, not a program's state; was it saved by save()?"
        )
    return state


def load(path: str | os.PathLike[str], allow_pickle: bool = False) -> Module:
    """The program that `save(path, save_program=True)` wrote. Source: dspy.load, version 2.6.23.

    allow_pickle: loading runs the code that is in the folder; say True if you trust where it comes from.
    Raises FileNotFoundError, UnsafeLoadError, StateError. Logs a warning for each version that differs.
    """
    where = Path(path)
    if where.is_file():
        raise StateError(
            f"{where} is a file, not a saved program's folder; for a state file make the program and call "
            f"program.load({str(where)!r})"
        )
    for name in ("", METADATA, PROGRAM):
        if not (where / name).exists():
            raise FileNotFoundError(
                f"{where / name} does not exist; a program is saved by program.save(folder, save_program=True)"
            )
    _check_allowed(where, allow_pickle)
    metadata = parse_json((where / METADATA).read_bytes(), where / METADATA)
    versions = read_versions(metadata, where / METADATA)
    code = (where / PROGRAM).read_bytes()
    if metadata.get("program_sha256") not in (None, sha256(code).hexdigest()):
        raise StateError(f"{where}: {PROGRAM} is damaged or of another save than {METADATA}; save it again")
    warn_of_versions(versions, where)  # before: they may be why it fails
    program = load_pickle(code, where / PROGRAM)
    if not isinstance(program, Tree):
        raise StateError(f"{where / PROGRAM} holds a {type(program).__name__}, not a program of refine_core")
    return cast("Module", program)


def _state_suffix(where: Path, do: str) -> str:
    suffix = where.suffix.lower()
    if suffix not in (".json", ".pkl"):
        hint = "for the whole program, " + (
            "say save_program=True" if do == "write" else "use refine_core.load(path, allow_pickle=True)"
        )
        raise StateError(f"cannot {do} {where}: a state file ends with .json or .pkl; {hint}")
    if where.is_dir():
        raise StateError(f"cannot {do} {where}: it is a folder; name a file in it")
    return suffix


def _check_allowed(where: Path, allow_pickle: bool) -> None:
    if not allow_pickle:
        raise UnsafeLoadError(
            f"{where} holds a pickle, and loading a pickle runs whatever code is in it. If you trust where it comes "
            "from, pass allow_pickle=True; otherwise ask for the state as .json, which is only data"
        )
