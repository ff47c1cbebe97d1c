"""What this library changes in the whole process, and what becomes of it in a forked one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from refine_core.lm.process_wide import bypass_proxies_for_loopback


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")
def test_a_forked_process_calls_models_by_an_event_loop_of_its_own():
    code = (
        "import os, sys\n"
        "from refine_core.lm.engine import Engine\n"
        "async def seven(): return 7\n"
        "engine = Engine()\n"
        "assert engine.submit(seven()).result(10) == 7\n"
        "child = os.fork()\n"
        "if child == 0: os._exit(engine.submit(seven()).result(10))\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 7


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "localhost,127.0.0.1,::1"),
        ("intra.example, localhost", "intra.example,localhost,127.0.0.1,::1"),
        ("*", "*"),
    ],
)
def test_proxies_are_bypassed_for_this_machine_beside_what_is_bypassed(monkeypatch, before, after):
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")  # so that it is restored afterwards
        monkeypatch.delenv(name)
    if before is not None:
        monkeypatch.setenv("no_proxy", before)
    bypass_proxies_for_loopback()
    assert os.environ["no_proxy"] == after


def test_without_a_proxy_the_environment_stays_as_it_is(monkeypatch):
    for name in [n for n in os.environ if n.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    before = dict(os.environ)
    bypass_proxies_for_loopback()
    assert dict(os.environ) == before
