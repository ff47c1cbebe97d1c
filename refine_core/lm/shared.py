"""What the models of a process share: the cache, the last calls, what is known of servers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from refine_core.lm.cache import Cache
from refine_core.lm.history import History
from refine_core.lm.servers import Servers

if TYPE_CHECKING:
    from refine_core.lm.rate_limits import Rates


class SharedState:
    """State that outlives a call, in one place.

    cache: replies to identical calls; `configure_cache` replaces it. history: the last calls of all models.
    servers: what servers refused. rates: limits of calls, while somebody has installed some; rates_lock: of whoever does.
    """

    def __init__(self) -> None:
        self.cache = Cache()
        self.history = History()
        self.servers = Servers()
        self.rates: Rates | None = None
        self.rates_lock = threading.Lock()


shared = SharedState()
"""The one of this process."""
