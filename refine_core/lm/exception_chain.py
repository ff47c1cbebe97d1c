"""An exception and its causes, examined by the names of their classes."""

from __future__ import annotations

from collections.abc import Iterator


def iter_causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and its causes, outermost first."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def is_caused_by(error: BaseException, *names: str) -> bool:
    """Whether the exception or one of its causes is of a class with one of these names."""
    return any(kind.__name__ in names for link in iter_causes(error) for kind in type(link).__mro__)
