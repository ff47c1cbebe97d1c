"""Between a signature and a model: messages out, fields in. Pure."""

from refine_core.adapters.chat import ChatAdapter

__all__ = ["ChatAdapter"]
