"""Every effect of this library on the whole process: what, why, and when. No import of refine_core has any of them.

With litellm's import, at the first call of a real model or by `warm()`, which the app calls:

- `os.environ`: LITELLM_LOCAL_MODEL_COST_MAP, unless it is set: prices come from the package, not from the network.
- litellm's globals `telemetry`, `suppress_debug_info` and `disable_hf_tokenizer_download`: it would report its use,
  print advice, and ask another network than the model's to guess tokens.
- logging's record factory: litellm, openai and aiohttp log requests with their keys (log_guard).
- The transport classes of httpx, httpx2 and litellm's aiohttp: a key must not follow a redirect, and a reply must not be
  endless (transports). Requests that are not ours pass unchanged.
- litellm itself loads a `.env` file into `os.environ`, unless LITELLM_MODE is PRODUCTION.

At the first call of a model on this machine, where the environment names a proxy:

- `os.environ`: no_proxy and NO_PROXY name this machine's own addresses, too (`bypass_proxies_for_loopback`).

When a store is opened, until it is closed:

- an atexit handler closes it (refine_core.store.sql).

When dspy is recorded, until the process ends:

- an atexit handler waits for what is not written yet, and a child that is forked begins anew (refine_core.interop).

While a reward's source is compiled:

- Python's warnings are off (refine_core.rewards.source): an odd escape in it is nothing to warn about here.

A reward's worker is a process of its own, which its sandbox changes at will. Threads are daemons, except those that run
the attempts of one refinement at once, which it waits for.
"""

from __future__ import annotations

import os
from typing import Any

from refine_core.lm.log_guard import log_guard

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def prepare_litellm_import() -> None:
    """What litellm reads from the environment when it is imported."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")


def configure_litellm(litellm: Any) -> None:
    """Set litellm's globals, and guard logs and transports. Calling twice is harmless."""
    from refine_core.lm import transports  # only real models need them

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.disable_hf_tokenizer_download = True
    log_guard.install()
    transports.install()


def bypass_proxies_for_loopback() -> None:
    """Where the environment names a proxy, say that this machine's own addresses need none."""
    import urllib.request  # slow to import

    if not urllib.request.getproxies_environment():
        return
    no_proxy = os.environ.get("no_proxy", os.environ.get("NO_PROXY", ""))
    hosts = [host.strip() for host in no_proxy.split(",")]
    if "*" not in hosts and (missing := [host for host in LOOPBACK if host not in hosts]):
        os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join([*filter(None, hosts), *missing])
