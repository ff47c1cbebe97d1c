"""Models: what they share, a scripted one for tests, and real ones over litellm.

base      Message in, Reply out; the class every model derives from
scripted  replies written down beforehand
remote    any provider or OpenAI-compatible server, over litellm; engine: what its models share
error_messages  litellm's exceptions in our words, with the key kept out
ask       one question to a model: the operation that all callers share
cache     identical calls are cached in memory; disk: in a file, if asked for
history   the last calls, for people to look at
"""

from __future__ import annotations

from refine_core.lm.base import BaseLM
from refine_core.lm.cached_calls import configure_cache
from refine_core.lm.history import History
from refine_core.lm.recent_calls import inspect_history
from refine_core.lm.remote import LM, litellm_ready, warm
from refine_core.lm.scripted import ScriptedLM
from refine_core.lm.types import Message, OnRetry, Reply, Usage

__all__ = [
    "LM",
    "BaseLM",
    "History",
    "Message",
    "OnRetry",
    "Reply",
    "ScriptedLM",
    "Usage",
    "configure_cache",
    "inspect_history",
    "litellm_ready",
    "warm",
]
