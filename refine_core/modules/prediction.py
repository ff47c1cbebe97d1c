"""Example and Prediction: fields with values, read as attributes or items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self


class Example(Mapping[str, Any]):
    """Named values: `Example(question="…", answer="…").with_inputs("question")`.

    base: a mapping or another example to begin with. fields: name -> any value, over those of `base`.
    Raises: AttributeError or KeyError for a field that is not there; ValueError for `inputs()` before `with_inputs(…)`.
    Source: dspy.Example, version 2.6.23.
    """

    _store: dict[str, Any]
    _input_keys: frozenset[str] | None

    def __init__(self, base: Mapping[str, Any] | None = None, **fields: Any) -> None:
        own = self.__dict__  # past __setattr__, since every attempt makes some of these
        own["_store"] = {**base, **fields} if base is not None else fields
        own["_input_keys"] = getattr(base, "_input_keys", None)

    def __getitem__(self, name: str) -> Any:
        return self._store[name]

    def __getattr__(self, name: str) -> Any:
        store = self.__dict__.get("_store")
        if store is None or name not in store:
            has = ", ".join(store or ()) or "none"
            raise AttributeError(f"{type(self).__name__} has no field {name!r}; its fields are: {has}")
        return store[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            self._store[name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        self._store[name] = value

    def __delitem__(self, name: str) -> None:
        del self._store[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._store)

    def __len__(self) -> int:
        return len(self._store)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Example) and self._store == other._store

    def __hash__(self) -> int:
        return hash(tuple((name, repr(value)) for name, value in self._store.items()))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self._store.items())
        return f"{type(self).__name__}({inside})"

    def with_inputs(self, *names: str) -> Self:
        """A copy in which `names` are the inputs and the other fields the labels."""
        made = self.copy()
        made._input_keys = frozenset(names)  # noqa: SLF001 - a copy of our own
        return made

    def inputs(self) -> Example:
        """The input fields alone. Raises ValueError before `with_inputs`."""
        if self._input_keys is None:
            raise ValueError("this example does not know its inputs yet; call with_inputs(…) first")
        made = Example({n: v for n, v in self._store.items() if n in self._input_keys})
        made._input_keys = self._input_keys
        return made

    def labels(self) -> Example:
        """The fields that are no inputs."""
        inputs = self.inputs()
        return Example({n: v for n, v in self._store.items() if n not in inputs})

    def copy(self, **fields: Any) -> Self:
        """A copy with some fields changed."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        made._store = {**self._store, **fields}  # noqa: SLF001 - a copy of our own
        return made

    def without(self, *names: str) -> Self:
        """A copy without some fields."""
        made = self.copy()
        for name in names:
            if name in made:
                del made[name]
        return made

    def get(self, name: str, default: Any = None) -> Any:
        """The field's value, or `default`."""
        return self._store.get(name, default)

    def toDict(self) -> dict[str, Any]:  # noqa: N802 - dspy's own name
        """The fields as a dict."""
        return dict(self._store)


class Completions:
    """The replies that a prediction was read from: `completions.answer` is the list of their answers.

    columns: field name -> values, one a reply: as many as `n` among the model's parameters wished, else one.
    Raises: ValueError for lists of unequal length; IndexError, KeyError, AttributeError for what is not there.
    Source: dspy.Completions, version 2.6.23.
    """

    def __init__(self, columns: Mapping[str, list[Any]]) -> None:
        self._columns = {name: list(values) for name, values in columns.items()}
        if len({len(values) for values in self._columns.values()}) > 1:
            raise ValueError("every field of completions must have as many values")

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
        columns = self.__dict__.get("_columns", {})
        if name not in columns:
            raise AttributeError(
                f"completions have no field {name!r}; their fields are: {', '.join(columns)}"
            )
        found: list[Any] = columns[name]
        return found

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
        if not isinstance(completions, Mapping):
            columns = {name: [one[name] for one in completions] for name in completions[0]}
        else:
            columns = {name: list(values) for name, values in completions.items()}
        made = cls({name: values[0] for name, values in columns.items()})
        made._completions = Completions(columns)
        return made

    @property
    def completions(self) -> Completions:
        """The replies that it was read from."""
        return self._completions or Completions({name: [value] for name, value in self._store.items()})

    def get_lm_usage(self) -> dict[str, dict[str, Any]] | None:
        """Model -> tokens that the call took; None unless `track_usage` was set. See refine_core.track_usage."""
        return self._lm_usage

    def set_lm_usage(self, usage: Mapping[str, Mapping[str, Any]]) -> None:
        """Say what the call took."""
        self._lm_usage = {model: dict(tokens) for model, tokens in usage.items()}

    def __float__(self) -> float:
        if "score" not in self._store:
            raise ValueError("this prediction has no 'score' field, so it is no number")
        return float(self._store["score"])

    def __lt__(self, other: Any) -> bool:
        return float(self) < float(other)

    def __le__(self, other: Any) -> bool:
        return float(self) <= float(other)

    def __gt__(self, other: Any) -> bool:
        return float(self) > float(other)

    def __ge__(self, other: Any) -> bool:
        return float(self) >= float(other)

    def __add__(self, other: Any) -> float:
        return float(self) + float(other)

    __radd__ = __add__

    def __truediv__(self, other: Any) -> float:
        return float(self) / float(other)

    def __rtruediv__(self, other: Any) -> float:
        return float(other) / float(self)
