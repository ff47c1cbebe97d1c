"""Saving: a program's state as .json or .pkl, or the whole program as a folder.

    save("answer.json")                      what was learned: demos, signatures, models; text, safe to load
    save("answer.pkl")                       the same as a pickle, for demos that JSON cannot hold
    save("answer", save_program=True)        the classes too: answer/program.pkl and answer/metadata.json

Rule 1: a file appears whole or not at all, and a load that fails leaves the module as it was.
Rule 2: reading a pickle runs what is in it, so it needs `allow_pickle=True`.
Rule 3: no key is written. (What your own code holds, such as a key in a global that `forward` uses, is your own.)

saved_files.py   what is read and written, and `load`
disk.py          whole files, JSON, versions
pickles.py       pickles without keys

Source: dspy.Module.save and dspy.load, version 2.6.23, whose .json files load here, and where ours load.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from refine_core.errors import MissingStateError, StateError
from refine_core.modules.parameter import Parameter

if TYPE_CHECKING:
    from types import ModuleType

logger = logging.getLogger("refine_core")

FilePath = str | os.PathLike[str]


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
        from pathlib import Path

        from refine_core.modules import saved_files

        where = Path(path)
        if save_program:
            saved_files.write_program(self, where, modules_to_serialize or ())
        else:
            saved_files.write_state(_dump_state(self), where, modules_to_serialize or ())

    def load(self, path: FilePath, allow_pickle: bool = False) -> None:
        """Take over the state that `save` wrote to `path`. A whole program's folder is for `refine_core.load`.

        allow_pickle: a .pkl runs the code that is in it; say True if you trust where it comes from.
        Raises FileNotFoundError, UnsafeLoadError, StateError; the module is then as it was. Logs a warning for each
        version that differs from the one that wrote the file.
        """
        from pathlib import Path

        from refine_core.modules.disk import warn_of_versions
        from refine_core.modules.saved_files import read_state

        where = Path(path)
        state, versions = read_state(where, allow_pickle=allow_pickle)
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
