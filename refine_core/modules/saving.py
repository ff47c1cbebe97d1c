"""Saving: a program's state as .json or .pkl, or the whole program as a folder.

    save("answer.json")                      what was learned: demos, signatures, models; text, safe to load
    save("answer.pkl")                       the same as a pickle, for demos that JSON cannot hold
    save("answer", save_program=True)        the classes too: answer/program.pkl and answer/metadata.json

Rule 1: a file appears whole or not at all, and a load that fails leaves the module as it was.
Rule 2: reading a pickle runs what is in it, so it needs `allow_pickle=True`.
Rule 3: no key is written. (What your own code holds, such as a key in a global that `forward` uses, is your own.)

disk.py     whole files, JSON, versions        pickles.py   pickles without keys

Source: dspy.Module.save and dspy.load, version 2.6.23, whose .json files load here, and where ours load.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self, cast

from refine_core.errors import MissingStateError, NoFolderError, StateError, UnsafeLoadError
from refine_core.modules.parameter import Parameter
from refine_core.modules.tree import Tree

if TYPE_CHECKING:
    from refine_core.modules.module import Module

logger = logging.getLogger("refine_core")

FilePath = str | os.PathLike[str]
PROGRAM, METADATA = "program.pkl", "metadata.json"


class SavedState:
    """The part of a Module that keeps its state on disk."""

    if TYPE_CHECKING:

        def named_parameters(self) -> list[tuple[str, Parameter]]: ...

    def dump_state(self) -> dict[str, Any]:
        """Path of each parameter -> its state. A bare predictor gives its own."""
        return {path: one.dump_state() for path, one in self.named_parameters()}

    def load_state(self, state: Mapping[str, Any]) -> Self:
        """Take over what `dump_state` gave; names that this module does not have are left alone, with a warning in the log.

        Raises StateError that names what is missing or does not fit; the module is then as it was.
        """
        parameters = self.named_parameters()
        if not isinstance(state, Mapping):
            raise StateError(f"a program's state is a mapping, path -> state, not {type(state).__name__}")
        _check_names([path for path, _ in parameters], state)
        with _all_or_nothing(parameters):
            for path, one in parameters:
                _load_one(path, one, state[path])
        return self

    def save(
        self,
        path: FilePath,
        save_program: bool = False,
        modules_to_serialize: Sequence[ModuleType] | None = None,
    ) -> None:
        """Write the state to `path` (.json or .pkl), or with `save_program` the whole program to the folder `path`.

        modules_to_serialize: Python modules whose code goes into the pickle, for a loader that cannot import them.
        Raises StateError, with nothing written, if the path is of the wrong kind or a value cannot be written; OSError
        from the disk.
        """
        where = Path(path)
        if save_program:
            _save_program(self, where, modules_to_serialize or ())
            return
        from refine_core.modules.disk import installed_versions, to_json, write_file
        from refine_core.modules.pickles import dump_pickle, find_culprit

        suffix = _state_suffix(where, "write")
        state = _dump_state(self)
        if "metadata" in state:
            raise StateError(
                "a state file keeps its versions under 'metadata', which is also the name of one of this program's "
                "attributes; rename the attribute"
            )
        state["metadata"] = installed_versions()
        if suffix == ".json":
            write_file(where, to_json(state))
        else:
            write_file(where, dump_pickle(state, modules_to_serialize or (), lambda: find_culprit(state)))

    def load(self, path: FilePath, allow_pickle: bool = False) -> None:
        """Take over the state that `save` wrote to `path`. A whole program's folder is for `refine_core.load`.

        allow_pickle: a .pkl runs the code that is in it; say True if you trust where it comes from.
        Raises FileNotFoundError, UnsafeLoadError, StateError; the module is then as it was. Logs a warning for each
        version that differs from the one that wrote the file.
        """
        from refine_core.modules.disk import read_versions, warn_of_versions

        where = Path(path)
        state = _read_state(where, allow_pickle)
        versions = read_versions(state.pop("metadata", {}), where)
        parameters = self.named_parameters()
        with _all_or_nothing(parameters):
            try:
                if _is_plural(self, parameters):
                    SavedState.load_state(self, state)
                else:
                    self.load_state(state)
            except Exception as error:
                kind = type(error) if isinstance(error, StateError) else StateError
                raise kind(f"{where}: {_describe_error(error)}") from error
        warn_of_versions(versions, where)


def load(path: FilePath, allow_pickle: bool = False) -> Module:
    """The program that `save(path, save_program=True)` wrote. Source: dspy.load, version 2.6.23.

    allow_pickle: loading runs the code that is in the folder; say True if you trust where it comes from.
    Raises FileNotFoundError, UnsafeLoadError, StateError. Logs a warning for each version that differs.
    """
    from hashlib import sha256

    from refine_core.modules.disk import parse_json, read_versions, warn_of_versions
    from refine_core.modules.pickles import load_pickle

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
    if not (isinstance(program, Tree) and isinstance(program, SavedState)):
        raise StateError(f"{where / PROGRAM} holds a {type(program).__name__}, not a program of refine_core")
    return cast("Module", program)


def _is_plural(module: SavedState, parameters: list[tuple[str, Parameter]]) -> bool:
    """Whether this is a predictor that holds others: its own dump_state speaks for itself alone."""
    return isinstance(module, Parameter) and len(parameters) > 1


def _dump_state(module: SavedState) -> dict[str, Any]:
    """The state to write, in which no model has a key, whatever its own dump_state gave."""
    if _is_plural(module, module.named_parameters()):
        state = SavedState.dump_state(module)
    else:
        state = dict(module.dump_state())
        if isinstance(module, Parameter):
            return _remove_keys(state)
    return {name: _remove_keys(one) if isinstance(one, dict) else one for name, one in state.items()}


def _remove_keys(state: dict[str, Any]) -> dict[str, Any]:
    from refine_core.modules.pickles import remove_secrets

    return {**state, "lm": remove_secrets(state["lm"])} if "lm" in state else state


def _check_names(paths: list[str], state: Mapping[str, Any]) -> None:
    missing = [path for path in paths if path not in state]
    unknown = [path for path in state if path not in paths and path != "metadata"]
    if "signature" in unknown and "demos" in unknown:
        raise StateError(
            "this is the state of one predictor, not of a program; load it into that predictor itself"
        )
    if missing:
        also = f" and has {_format_names(unknown)}, which this program does not have" if unknown else ""
        raise MissingStateError(
            f"the state has nothing for {_format_names(missing)}{also}; this program's parameters are "
            f"{_format_names(paths) or 'none'}. Load it into a program of the shape that saved it"
        )
    if unknown:  # left alone, as in dspy
        logger.warning("the state has %s, which this program does not have", _format_names(unknown))


def _format_names(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""  # noqa: PLR2004  # as many as one reads at a glance
    return ", ".join(map(repr, names[:5])) + more


def _load_one(path: str, one: Parameter, state: Any) -> None:
    if not isinstance(state, Mapping):
        raise StateError(f"the state of {path!r} is a mapping, not {type(state).__name__}")
    try:
        one.load_state(state)
    except Exception as error:
        raise StateError(f"{path!r} cannot take its state: {_describe_error(error)}") from error


def _describe_error(error: Exception) -> str:
    return str(error) if isinstance(error, StateError) else f"{type(error).__name__}: {error}"


@contextmanager
def _all_or_nothing(parameters: list[tuple[str, Parameter]]) -> Iterator[None]:
    """Put every parameter back as it was, its lists and dicts too, if the block fails, Ctrl-C included."""
    before = [
        (one, {name: (value, _copy_contents(value)) for name, value in vars(one).items()})
        for _, one in parameters
    ]
    try:
        yield
    except BaseException:
        for one, attributes in before:
            for value, contents in attributes.values():
                if isinstance(value, list):
                    value[:] = contents
                elif isinstance(value, dict):
                    dict.clear(value)
                    dict.update(value, contents)
            vars(one).clear()
            vars(one).update({name: value for name, (value, _) in attributes.items()})
        raise


def _copy_contents(value: Any) -> Any:
    return list(value) if isinstance(value, list) else dict(value) if isinstance(value, dict) else None


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


def _read_state(where: Path, allow_pickle: bool) -> dict[str, Any]:
    from refine_core.modules.disk import parse_json

    suffix = _state_suffix(where, "read")
    if not where.exists():
        raise FileNotFoundError(f"{where} does not exist; a state is saved by program.save(path)")
    if suffix == ".json":
        return parse_json(where.read_bytes(), where)
    _check_allowed(where, allow_pickle)
    from refine_core.modules.pickles import load_pickle

    state = load_pickle(where.read_bytes(), where)
    if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
        raise StateError(
            f"{where} holds a {type(state).__name__}, not a program's state; was it saved by save()?"
        )
    return state


def _check_allowed(where: Path, allow_pickle: bool) -> None:
    if not allow_pickle:
        raise UnsafeLoadError(
            f"{where} holds a pickle, and loading a pickle runs whatever code is in it. If you trust where it comes "
            "from, pass allow_pickle=True; otherwise ask for the state as .json, which is only data"
        )


def _save_program(module: SavedState, where: Path, modules: Sequence[ModuleType]) -> None:
    import json
    from hashlib import sha256

    from refine_core.modules.disk import installed_versions, write_folder
    from refine_core.modules.pickles import dump_pickle, find_culprit_attribute

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
