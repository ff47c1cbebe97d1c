"""The values that a reward is called with, inside the worker: `args` and `pred`.

Standard library only, like everything the worker imports.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

MAX_NAMES = 20
_NO_INPUT, _NO_FIELD = "args has no {}", "no field {} in the prediction"


def describe_missing_name(what: str, name: object, names: Iterable[object]) -> str:
    """One sentence: "args has no 'prodct'; it has: product, city; did you mean 'product'?". what: with {} for the name."""
    texts = [str(one)[:60] for one in names]
    has = ", ".join(texts[:MAX_NAMES]) + (f" and {len(texts) - MAX_NAMES} more" if texts[MAX_NAMES:] else "")
    nearest: list[str] = []
    if isinstance(name, str):
        import difflib

        lower = {one.lower(): one for one in texts}
        nearest = [lower[near] for near in difflib.get_close_matches(name.lower()[:60], lower, 1)]
    return f"{what.format(repr(name)[:80])}; it has: {has or 'nothing'}" + (
        f"; did you mean {nearest[0]!r}?" if nearest else ""
    )


class _NoKeyError(KeyError):
    """A KeyError that is put into words only if somebody reads it: code may ask for keys and catch this often.

    Its one argument is the key, as Python's own.
    """

    def __init__(self, what: str, name: object, names: tuple[object, ...]) -> None:
        super().__init__(name)
        self._what, self._names = what, names

    def __str__(self) -> str:
        return describe_missing_name(self._what, self.args[0] if self.args else None, self._names)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._what, self.args[0], self._names)


class _NoAttributeError(AttributeError):
    """The same for attributes: `hasattr` raises one."""

    def __str__(self) -> str:
        return describe_missing_name(*self.args)


# To whoever reads the message they are Python's own.
_NoKeyError.__name__, _NoAttributeError.__name__ = "KeyError", "AttributeError"


class Inputs(dict[str, Any]):
    """The program's inputs: a dict whose KeyError says which keys there are."""

    _what = _NO_INPUT

    def __missing__(self, name: str) -> Any:
        raise _NoKeyError(self._what, name, tuple(self))


class Columns(Inputs):
    """Values of a row by name, under whatever name a reward takes them."""

    _what = "there is no {}"


class Example(dict[str, Any]):
    """Named values, by attribute or by key. A field wins over a method of the same name: `items`, `copy`."""

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and dict.__contains__(self, name):
            return dict.__getitem__(self, name)
        return dict.__getattribute__(self, name)

    def __getattr__(self, name: str) -> Any:
        raise _NoAttributeError(_NO_FIELD, name, tuple(self))

    def __missing__(self, name: str) -> Any:
        raise _NoKeyError(_NO_FIELD, name, tuple(self))

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        del self[name]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)

    def copy(self, **fields: Any) -> Self:
        """A copy with some fields changed."""
        return type(self)({**self, **fields})

    def without(self, *names: str) -> Self:
        """A copy without some fields."""
        return type(self)({name: self[name] for name in self if name not in names})

    def toDict(self) -> dict[str, Any]:  # noqa: N802  # dspy's own name
        """The fields as a dict."""
        return dict(self)


class Prediction(Example):
    """What a program returned: its outputs by name. The judge answers with one, too."""
