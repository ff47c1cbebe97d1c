"""Ways in which a worker process fails, and the error that each becomes.

WorkerFailure          the process must be killed; then it is known what to say
├── TimedOut           no reply by the runner's own deadline
├── Died               the process ended without a reply
└── ProtocolError      a frame that was not expected, or not as agreed
"""

from __future__ import annotations

import signal

from refine_core.errors import RewardError, WorkerError
from refine_core.rewards.process import WorkerProcess

_SIGNAL_CAUSES = {
    "SIGSEGV": ": endless recursion, or a broken extension",
    "SIGABRT": ": compiled code gave up, as it does when memory runs out",
    "SIGKILL": ", and not by Refinescope: the system does so when memory runs out",
}


class WorkerFailure(Exception):  # noqa: N818  # never leaves this package
    """The worker must be killed, and `to_error` then says why."""

    def to_error(self, process: WorkerProcess, limit_s: float, line: int | None) -> RewardError | WorkerError:
        """The error for the user. limit_s: of what it was doing. line: of the reward, where it hung or crashed."""
        raise NotImplementedError


class TimedOut(WorkerFailure):
    """No reply by the runner's own deadline: the code ignores the worker's timer."""

    def to_error(self, process: WorkerProcess, limit_s: float, line: int | None) -> RewardError | WorkerError:
        if not process.ready:
            return WorkerError(f"the reward worker did not start in time. {process.start_error}")
        return RewardError(
            f"took longer than {limit_s:g} s and would not stop; its process was killed",
            type_name="Timeout",
            line=line,
        )


class ProtocolError(WorkerFailure):
    """A frame that was not expected, or not as agreed."""

    def to_error(
        self,
        process: WorkerProcess,  # noqa: ARG002  # as in the base
        limit_s: float,  # noqa: ARG002
        line: int | None,  # noqa: ARG002
    ) -> RewardError | WorkerError:
        return RewardError(
            "the reward wrote into the worker's own channel, so no answer can be trusted; its process was killed",
            type_name="WorkerDied",
        )


class Died(WorkerFailure):
    """The process ended without a reply."""

    def to_error(self, process: WorkerProcess, limit_s: float, line: int | None) -> RewardError | WorkerError:
        if process.kill_reason:
            return RewardError(
                f"{process.kill_reason}; its process was killed", type_name="WorkerDied", line=line
            )
        if not process.ready:
            return WorkerError(f"the reward worker did not start: {process.start_error or process.exit_code}")
        if process.protocol_error:
            return ProtocolError().to_error(process, limit_s, line)
        return RewardError(_describe_exit(process.exit_code), type_name="WorkerDied", line=line)


def _describe_exit(code: int | None) -> str:
    if code is None or code >= 0:
        return f"the reward ended its own process (exit code {code})"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"the reward's process was ended by {name}{_SIGNAL_CAUSES.get(name, '')}"
