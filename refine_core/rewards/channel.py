"""The worker's end of the channel to the runner.

Standard library only, like everything the worker imports.
"""

from __future__ import annotations

import os
from typing import Any

from refine_core.rewards import wire
from refine_core.rewards.error_frames import make_error


class Channel:
    """Frames in and out. Takes over descriptors 0 and 1 and leaves /dev/null in their place."""

    def __init__(self) -> None:
        if os.name == "nt":
            import msvcrt

            for descriptor in (0, 1):
                msvcrt.setmode(descriptor, os.O_BINARY)  # type: ignore[attr-defined]  # both exist on Windows
        self._in, self._out, self._pid = os.dup(0), os.dup(1), os.getpid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        os.close(nothing)

    def send(self, message: dict[str, object]) -> None:
        """Send a message. What is too long for a frame becomes an error that says so."""
        try:
            frame = wire.pack_reply(message)
        except ValueError as error:
            too_large = make_error("TooLarge", f"the reward's result cannot be sent back: {error}", None)
            routing = {key: message[key] for key in ("token", "threads") if key in message}
            frame = wire.pack_reply(routing | too_large | {"stdout": ""})
        self.send_frame(frame)

    def send_frame(self, rest: bytes) -> None:
        if os.getpid() != self._pid:
            os._exit(0)  # a fork of the user's that ran on into our loop
        while rest:
            rest = rest[os.write(self._out, rest) :]

    def receive(self) -> dict[str, Any]:
        length = int.from_bytes(self._read_exactly(wire.HEADER_BYTES), "little")
        return wire.unpack(self._read_exactly(length))

    def _read_exactly(self, count: int) -> bytes:
        parts = []
        while count:
            part = os.read(self._in, min(count, 1 << 20))
            if not part:
                os._exit(0)
            parts.append(part)
            count -= len(part)
        return b"".join(parts)
