"""A TCP relay to a source that can be cut, as a cable is."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class WireCutter:
    """Relays connections to `host:port` from a port of its own until `cut`. `after_bytes`: cut by itself when the
    source has sent so many on one connection.
    """

    def __init__(self, host: str, port: int, after_bytes: int | None = None) -> None:
        self._target = (host, port)
        self._after_bytes = after_bytes
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets.append(self._listener)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """All connections, and no new ones."""
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                source = socket.create_connection(self._target)
                self._sockets += [client, source]
                threading.Thread(target=self._relay, args=(client, source, None), daemon=True).start()
                threading.Thread(target=self._relay, args=(source, client, self._after_bytes), daemon=True).start()

    def _relay(self, source: socket.socket, target: socket.socket, after_bytes: int | None) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                passed += len(data)
                if after_bytes is not None and passed > after_bytes:
                    self.cut()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def wire_cutter(host: str, port: int, after_bytes: int | None = None) -> Iterator[WireCutter]:
    cutter = WireCutter(host, port, after_bytes)
    try:
        yield cutter
    finally:
        cutter.cut()
