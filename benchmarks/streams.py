"""What it costs to read along: the CPU time of this process for one stream of many pieces.

The server is a process of its own, and sends each piece by itself, as servers do.

python -m benchmarks.streams PIECES        the server
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.table import Row

PIECES = 100_000
BOUND_S = 2.0
WORD = "word "


def measure(*, quick: bool) -> Iterator[Row]:
    """The row. quick: one reading instead of five."""
    took_s = median(read(PIECES) for _ in range(1 if quick else 5))
    yield Row(f"CPU time to read a stream of {PIECES:,} pieces", took_s, "bound", BOUND_S, 1.0)


def read(pieces: int) -> float:
    """Read one stream as the app does. Returns the CPU seconds that this process took, its import of litellm apart."""
    from refine_core.concurrency.flows import run
    from refine_core.lm import LM
    from refine_core.lm.engine import engine

    engine.litellm().result()
    here = Path(__file__).parents[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.streams", str(pieces)], stdout=subprocess.PIPE, text=True, cwd=here
    )
    try:
        assert server.stdout is not None
        lm = LM("tiny", api_base=f"http://127.0.0.1:{int(server.stdout.readline())}/v1", num_retries=0)
        told: list[str] = []
        began_s = time.process_time()
        reply = run(lm.flow([{"role": "user", "content": "Write."}], {}, on_text=told.append))
        took_s = time.process_time() - began_s
    finally:
        server.kill()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()
    assert reply.text == told[-1] == WORD * pieces
    return took_s


def serve(pieces: int) -> None:
    """Answer one request with a stream."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        print(door.getsockname()[1], flush=True)
        client, _ = door.accept()
        with client:
            head, _, body = client.recv(65536).partition(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            while length and len(body) < int(length[1]):
                body += client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
            piece = _event({"content": WORD}, None)
            for _ in range(pieces):
                client.sendall(piece)
            client.sendall(_event({}, "stop") + b"data: [DONE]\n\n")


def _event(delta: dict[str, str], reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    event = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "tiny",
        "choices": [choice],
    }
    return b"data: " + json.dumps(event).encode() + b"\n\n"


if __name__ == "__main__":
    serve(int(sys.argv[1]))
