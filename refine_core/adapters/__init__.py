"""Between a signature and a model: messages out, fields in. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refine_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from refine_core.adapters.base import Adapter
    from refine_core.adapters.by_format import adapter_for
    from refine_core.adapters.chat import ChatAdapter
    from refine_core.adapters.json import JSONAdapter
    from refine_core.adapters.json_schema import AutoAdapter, JSONSchemaAdapter
    from refine_core.adapters.types import Messages

__all__ = [
    "Adapter",
    "AutoAdapter",
    "ChatAdapter",
    "JSONAdapter",
    "JSONSchemaAdapter",
    "Messages",
    "adapter_for",
]

_HOME = {
    "base": ("Adapter",),
    "by_format": ("adapter_for",),
    "chat": ("ChatAdapter",),
    "json": ("JSONAdapter",),
    "json_schema": ("AutoAdapter", "JSONSchemaAdapter"),
    "types": ("Messages",),
}

if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOME)
