"""The parts of a line that were worked out, in that order, with their values."""

from __future__ import annotations

import ast
import re
from typing import Final

from refine_core.rewards.xray_replies import Value
from refine_core.xray.page import Page
from refine_core.xray.texts import Gap, list_values, write_value
from refine_core.xray.types import Expression

_TABLE_VALUES: Final = 12
_OPAQUE: Final = re.compile(r"<[a-z_]+>")
"""Of iterators, such as <zip>: that there is one says nothing."""


def list_expressions(page: Page, number: int) -> tuple[Expression, ...]:
    """Those of one line; on a function's first line, its parameters."""
    found: list[tuple[int, Expression]] = []
    if number == page.first and (event := page.call.events.get(-1)) is not None:
        for name, value in zip(page.function.parameters, event.first, strict=False):
            if not isinstance(value, tuple):
                found.append((0, Expression(name, (write_value(value),), 1, value, -1)))
    shown = {id(site.node): site for site in page.sites.get(number, ()) if site.kind == "value"}
    plain = _plain_names(page, number)
    for site in page.sites.get(number, ()):
        event = page.call.events.get(site.index)
        if event is None or site.kind not in {"value", "names"} or id(site.node) in plain:
            continue
        if site.kind == "names":
            for place, name in enumerate(site.names):
                values = [
                    one[place] if isinstance(one, tuple) and place < len(one) else one
                    for one in list_values(event)
                ]
                found.append((event.first_order, _expression(name, values, event.count, site.index)))
        elif id(site.node) in shown:
            text = page.source.text_of(site.node)
            found.append((event.first_order, _expression(text, list_values(event), event.count, site.index)))
    found.sort(key=lambda pair: pair[0])
    called = {
        site.index for site in page.sites.get(number, ()) if id(site.node) in _called_for_effect(page, number)
    }
    return tuple(
        one
        for _, one in found
        if not all(_OPAQUE.fullmatch(text) for text in one.values)
        and not (one.site in called and set(one.values) == {"None"})
    )


def _called_for_effect(page: Page, number: int) -> set[int]:
    """Calls that stand alone, as scores.append(…): that they give None says nothing."""
    return {id(one.value) for one in page.statements if isinstance(one, ast.Expr) and one.lineno == number}


def _plain_names(page: Page, number: int) -> set[int]:
    """Names that say nothing of their own: arguments, where the call's own value is shown."""
    names: set[int] = set()
    for site in page.sites.get(number, ()):
        node = site.node
        if site.kind == "value" and isinstance(node, ast.Call):
            names |= {id(one) for one in node.args if isinstance(one, ast.Name)}
            names |= {id(one.value) for one in node.keywords if isinstance(one.value, ast.Name)}
        elif site.kind == "value" and isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            names.add(id(node.value))
    return names


def _expression(
    text: str, values: list[Value | tuple[Value, ...] | None], count: int, site: int
) -> Expression:
    plain = [one for one in values if not isinstance(one, tuple)]
    texts = ["…" if one is Gap else write_value(one) for one in plain]
    if len(texts) > _TABLE_VALUES:
        texts = [*texts[: _TABLE_VALUES - 2], "…", texts[-1]]
    return Expression(text, tuple(texts), count, plain[-1] if plain else None, site)
