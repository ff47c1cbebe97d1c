"""A wire between a store and its PostgreSQL server, which can be cut where it hurts.

with Wire(server.port) as wire:  open_store(database=wire.url(url));  wire.cut_at(COMMIT);  wire.cut.wait();  wire.deliver()
"""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from typing import Self

LIMIT_S = 30


class Wire:
    """Passes on what both sides say. cut: set once the wire was cut. asked: set once a store asked what became of a transaction."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._word: bytes | None = None
        self._fate, self._is_delivered = threading.Event(), False
        self.cut, self.asked = threading.Event(), threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._fate.set()

    def url(self, url: str) -> str:
        """The same address, by this wire."""
        port = self._listener.getsockname()[1]
        return re.sub(r":\d+/", f":{port}/", url)

    def cut_at(self, word: bytes) -> None:
        """Cut the wire of the next connection that says this: the store sees it closed, and the server hears nothing yet."""
        self._word = word

    def deliver(self) -> None:
        """Have the server hear what was said last, after all."""
        self._is_delivered = True
        self._fate.set()

    def drop(self) -> None:
        """Have the server see the connection closed."""
        self._fate.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                store, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                threading.Thread(target=self._to_server, args=(store, server), daemon=True).start()
                threading.Thread(target=self._to_store, args=(server, store), daemon=True).start()

    def _to_server(self, store: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), server:
            while said := store.recv(1 << 16):
                if self._word is not None and self._word in said:
                    self._word = None
                    store.shutdown(socket.SHUT_RDWR)
                    self.cut.set()
                    self._fate.wait(LIMIT_S)
                    if self._is_delivered:
                        server.sendall(said)
                    break
                server.sendall(said)
                if b"FOR UPDATE" in said:
                    self.asked.set()
            server.shutdown(socket.SHUT_WR)  # it does what it has heard, and closes

    def _to_store(self, server: socket.socket, store: socket.socket) -> None:
        with suppress(OSError), store:
            while said := server.recv(1 << 16):
                with suppress(OSError):  # which hears nothing any more
                    store.sendall(said)
