"""Between a signature and a model: messages out, fields in. Pure."""

from refine_core.adapters.base import Adapter, Messages
from refine_core.adapters.chat import ChatAdapter
from refine_core.adapters.json import JSONAdapter

__all__ = ["Adapter", "ChatAdapter", "JSONAdapter", "Messages"]
