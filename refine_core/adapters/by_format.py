"""The adapter of each reply format: one for all who ask."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from refine_core.adapters.chat import ChatAdapter
from refine_core.adapters.json import JSONAdapter

if TYPE_CHECKING:
    from refine_core.adapters.base import Adapter
    from refine_core.spec.program import ReplyFormat


@cache
def adapter_for(reply_format: ReplyFormat) -> Adapter:
    """The adapter that asks for replies in this format. A model that is asked by JSON schema from the first is shown no template."""
    if reply_format == "chat":
        return ChatAdapter()
    if reply_format == "json":
        return JSONAdapter()
    from refine_core.adapters.json_schema import (  # not all programs need schemas
        AutoAdapter,
        JSONSchemaAdapter,
    )

    return AutoAdapter() if reply_format == "auto" else JSONSchemaAdapter(template=False)
