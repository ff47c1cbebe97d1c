"""What holds for every test: a data folder of its own, and in CI no skipping."""

from __future__ import annotations

import gc
import os

import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling

from tests.postgres import own_server

# What an example takes depends on what else the machine does.
hypothesis.settings.register_profile("refinescope", deadline=None)
hypothesis.settings.load_profile("refinescope")


def pytest_collection_finish():
    """What was collected stays until the end: garbage is looked for among what the tests make, in a tenth less time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory, monkeypatch):
    """No test reads or writes the user's own runs."""
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(autouse=True, scope="module")
def _no_client_left_open():
    """What litellm keeps open is closed with the module that opened it, not found by the garbage collector in another."""
    yield
    from refine_core.lm import litellm_ready

    if litellm_ready():
        from tests.failures.table import close_clients

        close_clients()


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL server of this worker's own."""
    with own_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server):
    """The address of a new database with the tables of the newest version, and nothing in them."""
    return postgres_server.new_database(postgres_server.migrated())


class _BrowserApart(LoadFileScheduling):
    """The first worker drives the browser, the others do what remains, a file at a time; who is done helps the others."""

    def _assign_work_unit(self, node):
        drives = node is self.nodes[0]
        wanted = (file for file in self.workqueue if file.startswith("tests/browser/") is drives)
        if (file := next(wanted, None)) is not None:
            self.workqueue.move_to_end(file, last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config, log):
    """Who tests what."""
    return _BrowserApart(config, log)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    """In CI a test that should run and was skipped is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if os.environ.get("CI") and skipped and exitstatus == 0:
        reporter.write_line(f"{skipped} skipped in CI, where every test must run", red=True)
        session.exitstatus = 1
