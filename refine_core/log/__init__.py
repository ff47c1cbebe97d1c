"""Facts on their way: emitting, recording, encoding and folding them."""

from refine_core.log.scope import Record, Scope, Sink, current_scope, use_scope
from refine_core.log.span import Span

__all__ = ["Record", "Scope", "Sink", "Span", "current_scope", "use_scope"]
