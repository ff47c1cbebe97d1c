"""What a test of a connection has found so far: the test records it, and screens read it meanwhile.

CheckReport.record, record_models, record_reply, close --> CheckReport.now() -> Check(findings, …)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, get_args

from refine_core.lm.secrecy import redact
from refine_core.spec import ReplyFormat

Subject = Literal[
    "Base URL", "Key", "Model", "Parameters", "Reply", "Reply format", "Streaming", "Tokens", "Price"
]
Verdict = Literal["works", "fails", "lacks", "unknown", "waiting"]
"""lacks: the server is known not to have it, and a run can do without."""

SUBJECTS: tuple[Subject, ...] = get_args(Subject)
MAX_MODELS = 200
MAX_REPLY_CHARS = 200
MAX_SENTENCE_CHARS = 800


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one subject. words: a sentence or two: the result, and what to do next."""

    what: Subject
    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class Check:
    """The state of a test.

    findings: one for each subject, in the order of SUBJECTS; a single one for a model without a server. done: whether the
    test is over. took_s: seconds until now, or until it was done. ok: whether the connection can be used: nothing fails and
    a reply came; None while that is unknown. models: the server's models, at most 200, each as a person types it.
    reply_format: the first that the model kept, None while that is unknown. reply: its first 200 characters. tokens_in,
    tokens_out, cost_usd: of the first reply; None for unknown.
    """

    findings: tuple[Finding, ...]
    done: bool = False
    took_s: float = 0.0
    ok: bool | None = None
    models: tuple[str, ...] = ()
    reply: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    reply_format: ReplyFormat | None = None


class CheckReport:
    """The record of a test, safe to read from any thread. Secrets are removed from whatever is recorded.

    secrets: forgotten once the test is over.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        self._secrets: tuple[str, ...] = tuple(secrets)
        self._lock = threading.Lock()
        self._started_at = time.monotonic()
        self._check = Check(tuple(Finding(what, "waiting", "") for what in SUBJECTS))

    def record(self, what: Subject, verdict: Verdict, words: str) -> None:
        """Replace the finding about this subject."""
        new = Finding(what, verdict, self._redact(words, MAX_SENTENCE_CHARS))
        with self._lock:
            findings = tuple(new if old.what == what else old for old in self._check.findings)
            self._check = replace(self._check, findings=findings)

    def verdict(self, what: Subject) -> Verdict:
        """The latest verdict on this subject."""
        return next(finding.verdict for finding in self._check.findings if finding.what == what)

    def record_models(self, names: Collection[str]) -> None:
        """Record the server's models, each once. A name that looks like a key is left out."""
        safe = (name for name in dict.fromkeys(names) if self._redact(name, MAX_SENTENCE_CHARS) == name)
        shown = tuple(islice(safe, MAX_MODELS))
        with self._lock:
            self._check = replace(self._check, models=shown)

    def record_reply(self, reply: str, tokens: tuple[int | None, int | None], cost_usd: float | None) -> None:
        """Record the reply to the request. tokens: sent and received."""
        text = self._redact(reply, MAX_REPLY_CHARS)
        with self._lock:
            self._check = replace(
                self._check, reply=text, tokens_in=tokens[0], tokens_out=tokens[1], cost_usd=cost_usd
            )

    def record_format(self, reply_format: ReplyFormat | None) -> None:
        """Record which reply format the model kept."""
        with self._lock:
            self._check = replace(self._check, reply_format=reply_format)

    def skip(self, words: str) -> None:
        """Record that there is no server to test."""
        with self._lock:
            self._check = replace(self._check, findings=(Finding("Reply", "works", words),))

    def close(self, words: str) -> None:
        """End the test. words: for each subject that was not tested."""
        with self._lock:
            findings = tuple(
                Finding(finding.what, "unknown", words) if finding.verdict == "waiting" else finding
                for finding in self._check.findings
            )
            verdicts = {finding.what: finding.verdict for finding in findings}
            ok = True if verdicts.get("Reply") == "works" else None
            ok = False if "fails" in verdicts.values() else ok
            took_s = time.monotonic() - self._started_at
            self._check = replace(self._check, findings=findings, done=True, took_s=took_s, ok=ok)
            self._secrets = ()  # nothing more is recorded, and the report may be kept for long

    def now(self) -> Check:
        """The state of the test."""
        with self._lock:
            check = self._check
        return check if check.done else replace(check, took_s=time.monotonic() - self._started_at)

    def _redact(self, text: str, max_chars: int) -> str:
        return redact(text, self._secrets)[:max_chars]
