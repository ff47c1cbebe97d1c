"""The names by which litellm, a server and a person know the same model.

litellm    openai/qwen/qwen3-8b        the first part says who is asked, and is cut off
server     qwen/qwen3-8b
person     qwen/qwen3-8b, or either of the two
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from refine_core.connections.presets import PRESETS
from refine_core.spec import ModelSpec

_PREFIXES = frozenset(preset.prefix for preset in PRESETS.values() if preset.prefix)


def first_part(name: str) -> str:
    """The part before the first slash; "" without one."""
    return name.partition("/")[0] if "/" in name else ""


def prefix_of(model: ModelSpec) -> str:
    """The prefix that litellm cuts off the name before it sends it, as far as known; "" for none."""
    first = first_part(model.model) + "/"
    return first if first in _PREFIXES or first == f"{model.provider}/" else ""


def typed_name(model: ModelSpec) -> str:
    """The model's name as a person types it."""
    prefix = prefix_of(model)
    return format_typed(model.model.removeprefix(prefix), prefix)


def requires_key(model: ModelSpec) -> bool:
    """Whether the model is at a provider's own address, and that provider is known to require a key."""
    prefix = prefix_of(model)
    own = [preset for preset in PRESETS.values() if preset.prefix == prefix and not preset.wants_address]
    return bool(prefix and not model.api_base and own) and all(preset.wants_key for preset in own)


def server_names(model: ModelSpec, prefix: str) -> set[str]:
    """The names by which a server may know the model. prefix: see `prefix_of`."""
    if prefix:
        return {model.model.removeprefix(prefix)}
    return {model.model, model.model.partition("/")[2] or model.model}


def format_typed(listed: str, prefix: str) -> str:
    """How a person types a name from a server's list: unchanged, unless litellm would take its beginning for its own prefix."""
    return prefix + listed if prefix and listed.startswith(prefix) else listed


def suggest_names(name: str, listed: Sequence[str]) -> list[str]:
    """At most three listed names that a person may have meant by `name`."""
    by_lower = {one.casefold(): one for one in reversed(listed)}
    wanted = name.casefold()
    near = difflib.get_close_matches(wanted, by_lower, n=3, cutoff=0.5)
    longer = [one for one in by_lower if wanted in one and one not in near]
    return [by_lower[one] for one in [*near, *longer][:3]]
