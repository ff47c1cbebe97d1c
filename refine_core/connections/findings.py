"""What a test of a connection finds, and the board on which it writes that down while others read.

Board.say, list_models, answered, close --> Board.now() -> Check(findings, …)
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

What = Literal[
    "Base URL", "Key", "Model", "Parameters", "Reply", "Reply format", "Streaming", "Tokens", "Price"
]
Verdict = Literal["works", "fails", "lacks", "unknown", "waiting"]
"""lacks: it is known not to be there, and a run can do without."""

WHATS: tuple[What, ...] = get_args(What)
MOST_LISTED = 200
MOST_REPLY = 200
MOST_WORDS = 800


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. words: a plain sentence or two: what was found, and what to do next."""

    what: What
    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class Check:
    """A test as far as it is.

    findings: one of each, in the order of WHATS; of a model without a server, one alone. done: whether more may come.
    took_s: seconds until now, or until it was done. ok: whether the connection can be used: no finding fails and a reply
    came; None while that is not known. models: what the server lists, at most 200, each as it is to be typed.
    reply_format: the first that the model kept, None while that is not known. reply: its first 200 characters. tokens_in,
    tokens_out, cost_usd: of the request that was answered; None for unknown.
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


class Board:
    """Where a test writes down what it finds, and others read it. Whatever is written loses its secrets first.

    hidden: the secrets, kept until the test is over.
    """

    def __init__(self, hidden: Collection[str]) -> None:
        self._hidden: tuple[str, ...] = tuple(hidden)
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._check = Check(tuple(Finding(what, "waiting", "") for what in WHATS))

    def say(self, what: What, verdict: Verdict, words: str) -> None:
        """Put a finding in the place of the one before it."""
        found = Finding(what, verdict, self._safe(words, MOST_WORDS))
        with self._lock:
            findings = tuple(found if old.what == what else old for old in self._check.findings)
            self._check = replace(self._check, findings=findings)

    def verdict(self, what: What) -> Verdict:
        """What was said of it last."""
        return next(found.verdict for found in self._check.findings if found.what == what)

    def list_models(self, names: Collection[str]) -> None:
        """Tell which models there are, each once. One that looks like a key is left out: nobody could type it."""
        safe = (name for name in dict.fromkeys(names) if self._safe(name, MOST_WORDS) == name)
        shown = tuple(islice(safe, MOST_LISTED))
        with self._lock:
            self._check = replace(self._check, models=shown)

    def answered(self, reply: str, tokens: tuple[int | None, int | None], cost_usd: float | None) -> None:
        """Tell what came of the request. tokens: sent and received."""
        text = self._safe(reply, MOST_REPLY)
        with self._lock:
            self._check = replace(
                self._check, reply=text, tokens_in=tokens[0], tokens_out=tokens[1], cost_usd=cost_usd
            )

    def found_format(self, reply_format: ReplyFormat | None) -> None:
        """Tell which reply format the model kept."""
        with self._lock:
            self._check = replace(self._check, reply_format=reply_format)

    def nothing_to_test(self, words: str) -> None:
        """It is a model that no server is asked for."""
        with self._lock:
            self._check = replace(self._check, findings=(Finding("Reply", "works", words),))

    def close(self, words: str) -> None:
        """The test is over. words: of whatever was not looked at."""
        with self._lock:
            findings = tuple(
                Finding(found.what, "unknown", words) if found.verdict == "waiting" else found
                for found in self._check.findings
            )
            verdicts = {found.what: found.verdict for found in findings}
            ok = True if verdicts.get("Reply") == "works" else None
            ok = False if "fails" in verdicts.values() else ok
            took_s = time.monotonic() - self._began
            self._check = replace(self._check, findings=findings, done=True, took_s=took_s, ok=ok)
            self._hidden = ()  # nothing is written any more, and the test may be remembered for long

    def now(self) -> Check:
        """The test as far as it is."""
        with self._lock:
            made = self._check
        return made if made.done else replace(made, took_s=time.monotonic() - self._began)

    def _safe(self, text: str, most: int) -> str:
        return redact(text, self._hidden)[:most]
