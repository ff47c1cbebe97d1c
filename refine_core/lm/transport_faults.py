"""What can go wrong between litellm and the network, as exceptions. error_messages explains them to people."""

from __future__ import annotations


class TransportFault(Exception):  # noqa: N818  # it never leaves this package: an LMError explains it
    """Something seen on the network that ends the call, whatever litellm makes of it."""


class MalformedReply(TransportFault):
    """A body or an event that is not a chat reply. what: a clause such as "its content is a number"."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)


class ReplyCutOff(TransportFault):
    """Half a body, or a stream that stopped before its end."""


class RedirectLoop(TransportFault):
    """Too many redirects. status: of the last."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"redirect after redirect ({status})")


class ReplyTooLong(TransportFault):
    """The reply is longer than any reply may be; the rest was not read."""


class RedirectedElsewhere(TransportFault):
    """A redirect to another server, where the key must not go. to: its address, without user, password and query."""

    def __init__(self, to: str, status: int) -> None:
        self.to, self.status = to, status
        super().__init__(to)


class TimedOut(TransportFault):
    """A time limit was reached.

    limit_s: the time limit that was reached, in seconds. characters: received of a stream so far. is_thinking: all of them were reasoning.
    was_alive: the stream was still being written.
    """

    def __init__(self, limit_s: float, characters: int, *, is_thinking: bool, was_alive: bool) -> None:
        self.limit_s, self.characters = limit_s, characters
        self.is_thinking, self.was_alive = is_thinking, was_alive
        super().__init__(f"after {limit_s:g} s")


class UnwatchedReply(TransportFault):
    """A reply that no guarded transport has seen, so it is unknown where key and prompt went."""


class ErrorBody(TransportFault):
    """An error where a reply should be, under status 200. body: as OpenAI's errors are, or a text."""

    def __init__(self, body: object) -> None:
        self.body = body
        super().__init__("an error under status 200")
