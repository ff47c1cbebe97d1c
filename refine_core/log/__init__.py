"""Facts on their way: emitting, recording, encoding and folding them."""

from refine_core.log.scope import Record, Scope, Sink, current, use_scope
from refine_core.log.span import Span

__all__ = ["Record", "Scope", "Sink", "Span", "current", "use_scope"]
