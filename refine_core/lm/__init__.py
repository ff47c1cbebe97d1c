"""Models: what they share, a scripted one for tests, and real ones over litellm.

types      Message in, Reply out; base: the class that every model derives from
ask        one question to a model: the operation that all callers share; overrides: methods of the user's own
cache      replies to identical calls, in memory and on disk; history: the last calls, for people
scripted   replies written in advance; replay: those of a recorded run
remote     any provider or OpenAI-compatible server
http_call  one call over litellm; transports, bodies and streaming read what comes back
*_messages the errors of litellm and of servers, in plain words and without keys
engine     litellm's import, and the event loop that makes the calls; unawaited: its threads
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refine_core.lazy_names import lazy_names

if TYPE_CHECKING:
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

_HOME = {
    "base": ("BaseLM",),
    "cached_calls": ("configure_cache",),
    "history": ("History",),
    "recent_calls": ("inspect_history",),
    "remote": ("LM", "litellm_ready", "warm"),
    "scripted": ("ScriptedLM",),
    "types": ("Message", "OnRetry", "Reply", "Usage"),
}

if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOME)
