"""Example and Prediction: fields with values, read as attributes or items.

Rule: a field wins over whatever else has its name. `Prediction(items=[1]).items` is the list, so nothing here, and no code
that handles examples of a user's own fields, calls a method through an instance: it is `Example.copy(example)` there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self, TypeVar

E = TypeVar("E", bound="Example")


class Example(dict[str, Any]):
    """Named values: `Example(question="…", answer="…").with_inputs("question")`.

    base: a mapping or another example to begin with; anything else is a field of that name. fields: name -> any value, over
    those of `base`. A dict, so that `dict(example)` and `**example` work whatever its fields are called.
    Raises: AttributeError or KeyError for a field that is not there; ValueError for `inputs()` before `with_inputs(…)`.
    Source: dspy.Example, version 2.6.23.
    """

    _input_keys: frozenset[str] | None = None

    def __init__(self, base: Any = None, **fields: Any) -> None:
        if type(base) is dict:  # as nearly always
            dict.__init__(self, base, **fields)
        elif base is None:
            dict.__init__(self, fields)
        elif isinstance(base, Mapping):
            dict.__init__(self, base, **fields)
            if isinstance(base, Example):
                self._input_keys = base._input_keys  # noqa: SLF001 - of our own kind
        else:
            dict.__init__(self, base=base, **fields)

    def __getattribute__(self, name: str) -> Any:
        if name[:1] != "_" and dict.__contains__(self, name):
            return dict.__getitem__(self, name)
        return object.__getattribute__(self, name)

    def __getattr__(self, name: str) -> Any:
        if dict.__contains__(self, name):
            return dict.__getitem__(self, name)
        raise AttributeError(
            f"{type(self).__name__} has no field {name!r}; its fields are: {', '.join(self) or 'none'}"
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Example) and dict.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:  # type: ignore[override]  # as dspy's
        return hash(tuple((name, repr(self[name])) for name in self))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={self[name]!r}" for name in self)
        return f"{type(self).__name__}({inside})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), dict(self)), self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        dict.update(self, state.pop("_store", {}))  # older versions pickled the fields as an attribute
        self.__dict__.update(state)

    @property
    def _store(self) -> dict[str, Any]:
        """The fields, under dspy's name for them."""
        return self

    def with_inputs(self, *names: str) -> Self:
        """A copy in which `names` are the inputs and the other fields the labels."""
        new = Example.copy(self)
        new._input_keys = frozenset(names)  # noqa: SLF001 - a copy of our own
        return new

    def inputs(self) -> Self:
        """The input fields alone. Raises ValueError before `with_inputs`."""
        keys = self._input_keys
        if keys is None:
            raise ValueError("this example does not know its inputs yet; call with_inputs(…) first")
        new = _restore(type(self), {name: self[name] for name in self if name in keys})
        new._input_keys = keys  # noqa: SLF001 - one of our own
        return new

    def labels(self) -> Self:
        """The fields that are no inputs."""
        inputs = Example.inputs(self)
        return _restore(type(self), {name: self[name] for name in self if name not in inputs})

    def keys(self, include_dspy: bool = False) -> list[str]:  # type: ignore[override]  # a list, as in dspy
        """The names of the fields. include_dspy: has no effect; here no field is hidden for its name."""
        del include_dspy
        return list(self)

    def values(self, include_dspy: bool = False) -> list[Any]:  # type: ignore[override]  # as keys
        """The values of the fields. include_dspy: as in `keys`."""
        del include_dspy
        return list(dict.values(self))

    def items(self, include_dspy: bool = False) -> list[tuple[str, Any]]:  # type: ignore[override]  # as keys
        """(name, value) of each field. include_dspy: as in `keys`."""
        del include_dspy
        return list(dict.items(self))

    def copy(self, **fields: Any) -> Self:
        """A copy with some fields changed."""
        new = _restore(type(self), self)
        new.__dict__.update(self.__dict__)
        dict.update(new, fields)
        return new

    def without(self, *names: str) -> Self:
        """A copy without some fields. Raises KeyError for one that is not there."""
        new = Example.copy(self)
        for name in names:
            dict.__delitem__(new, name)
        return new

    def toDict(self) -> dict[str, Any]:  # noqa: N802 - dspy's own name
        """The fields as a dict."""
        return dict(self)


def _restore(cls: type[E], fields: Mapping[str, Any]) -> E:
    """An example past its own __init__, which a subclass may have changed."""
    new = cls.__new__(cls)
    dict.update(new, fields)
    return new


class Completions:
    """The replies that a prediction was read from: `completions.answer` is the list of their answers.

    columns: field name -> values, one a reply: as many as `n` among the model's parameters wished, else one.
    Raises: ValueError for lists of unequal length; TypeError for what is no list; IndexError, KeyError, AttributeError
    for what is not there.
    Source: dspy.Completions, version 2.6.23.
    """

    def __init__(self, columns: Mapping[str, list[Any]]) -> None:
        for name, values in columns.items():
            if not isinstance(values, (list, tuple)):
                raise TypeError(f"field {name!r} of completions must be a list of values, not {values!r:.80}")
        self._columns = {name: list(values) for name, values in columns.items()}
        if len({len(values) for values in self._columns.values()}) > 1:
            raise ValueError("every field of completions must have as many values")

    def __getattribute__(self, name: str) -> Any:
        columns = object.__getattribute__(self, "__dict__").get("_columns", ())
        return columns[name] if name in columns else object.__getattribute__(self, name)

    def items(self) -> Any:
        """(field, list of its values) pairs."""
        return self._columns.items()

    def __getitem__(self, key: str | int) -> Any:
        if isinstance(key, str):
            return self._columns[key]
        if not -len(self) <= key < len(self):
            raise IndexError(f"there are {len(self)} completions, no number {key}")
        return Prediction({name: values[key] for name, values in self._columns.items()})

    def __getattr__(self, name: str) -> list[Any]:
        columns = ", ".join(self.__dict__.get("_columns", ()))
        raise AttributeError(f"completions have no field {name!r}; their fields are: {columns}")

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def __iter__(self) -> Iterator[Prediction]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"Completions({self._columns!r})"


class Prediction(Example):
    """What a program returned: its outputs by name. Source: dspy.Prediction, version 2.6.23.

    refinement: set by Refine and BestOfN; see Refinement. A prediction with a `score` compares and adds as that number.
    """

    refinement: Any = None
    _lm_usage: dict[str, dict[str, Any]] | None = None
    _completions: Completions | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "refinement":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    @classmethod
    def from_completions(
        cls, completions: Mapping[str, list[Any]] | Sequence[Mapping[str, Any]], signature: Any = None
    ) -> Self:
        """The first of several replies, with all of them as `.completions`. signature: unused, as in the original."""
        del signature
        columns: dict[str, Any] = {}
        if isinstance(completions, Mapping):
            columns = {name: completions[name] for name in completions}
        else:
            for one in completions:
                for name in one:
                    columns.setdefault(name, []).append(one[name])
        all_of_them = Completions(columns)
        new = cls({name: values[0] for name, values in columns.items()})
        new._completions = all_of_them
        return new

    @property
    def completions(self) -> Completions:
        """The replies that it was read from."""
        return self._completions or Completions({name: [self[name]] for name in self})

    def get_lm_usage(self) -> dict[str, dict[str, Any]] | None:
        """Model -> tokens that the call took; None unless `track_usage` was set. See refine_core.track_usage."""
        return self._lm_usage

    def set_lm_usage(self, usage: Mapping[str, Mapping[str, Any]]) -> None:
        """Say what the call took."""
        self._lm_usage = {model: dict(tokens) for model, tokens in usage.items()}

    def __float__(self) -> float:
        if "score" not in self:
            raise ValueError("this prediction has no 'score' field, so it is no number")
        return float(self["score"])

    def __lt__(self, other: Any) -> bool:
        return float(self) < _number(other)

    def __le__(self, other: Any) -> bool:
        return float(self) <= _number(other)

    def __gt__(self, other: Any) -> bool:
        return float(self) > _number(other)

    def __ge__(self, other: Any) -> bool:
        return float(self) >= _number(other)

    def __add__(self, other: Any) -> float:
        return float(self) + _number(other)

    __radd__ = __add__

    def __truediv__(self, other: Any) -> float:
        return float(self) / _number(other)

    def __rtruediv__(self, other: Any) -> float:
        return _number(other) / float(self)


def _number(other: Any) -> float:
    """What a prediction is compared with or added to. Raises TypeError for text, which float would read."""
    if isinstance(other, (str, bytes, bytearray)):
        raise TypeError(
            f"a prediction with a score acts as a number and cannot be combined with {type(other).__name__}: {other!r:.80}"
        )
    return float(other)
