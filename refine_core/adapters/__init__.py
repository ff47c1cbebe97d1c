"""Between a signature and a model: messages out, fields in. Pure."""

from refine_core.adapters.base import Adapter
from refine_core.adapters.chat import ChatAdapter
from refine_core.adapters.json import JSONAdapter
from refine_core.adapters.json_schema import AutoAdapter, JSONSchemaAdapter, adapter_for
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
