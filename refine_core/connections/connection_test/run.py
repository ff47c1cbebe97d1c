"""One test of a connection, under the limit that its caller sets (checks.TEST_LIMIT_S). litellm is loaded before the clock starts."""

from __future__ import annotations

import time

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.time_limit import time_limit
from refine_core.connections.connection_test.report import CheckReport
from refine_core.connections.connection_test.steps import ConnectionTest
from refine_core.errors import LMError, RunCancelled
from refine_core.lm import litellm_ready
from refine_core.lm.engine import engine
from refine_core.spec import ModelSpec

LOADING_S = 60.0
STOPPED = "The test was stopped."


def run_test(report: CheckReport, model: ModelSpec, key: str | None, cancel: Cancel, limit_s: float) -> str:
    """Do the whole test within `limit_s` seconds. Returns the sentence for each subject that was not tested."""
    if model.kind != "litellm":
        what = (
            "The practice model is part of the app"
            if model.kind == "practice"
            else "A replay needs no server"
        )
        report.skip(f"{what}; there is nothing to test.")
        return ""
    if (not_loaded := _load_litellm(report, cancel)) is not None:
        return not_loaded
    with time_limit(cancel, limit_s) as limit:
        test = ConnectionTest(report, model, key, limit, time.monotonic() + limit_s)
        try:
            return test.run()
        except RunCancelled:
            if cancel.is_set:
                return STOPPED
            if report.verdict("Reply") != "works":
                words = f"{test.pending} within {limit_s:g} s. Try again, or check the server."
                report.record("Reply", "fails", words)
            return f"Unknown: the test ended after {limit_s:g} s."


def _load_litellm(report: CheckReport, cancel: Cancel) -> str | None:
    """Load litellm. Returns None, or the sentence for everything else if it cannot be loaded."""
    if not litellm_ready():
        report.record("Reply", "waiting", "Loading litellm; this happens once.")
    try:
        cancel.result(engine.litellm(), LOADING_S)
    except RunCancelled:
        return STOPPED
    except TimeoutError:
        report.record("Reply", "fails", f"litellm was not loaded within {LOADING_S:g} s. Try again.")
    except LMError as error:
        report.record("Reply", "fails", str(error))
    else:
        report.record("Reply", "waiting", "")
        return None
    return "Not tested: litellm is not loaded."
