"""A real redis-server for a test: on a socket of its own, without files, to be frozen and killed."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import redis

PATIENCE = 20.0


class RedisServer:
    """A redis-server that listens on a Unix socket in ``folder``; it can be started again after its end."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"],
            cwd=self.socket.parent,
            stdout=subprocess.DEVNULL,
        )
        with self.client() as client:
            ends = time.monotonic() + PATIENCE
            while time.monotonic() < ends:
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.01)
                else:
                    return
        raise TimeoutError("redis-server does not answer")

    def client(self) -> redis.Redis:
        """A blocking client."""
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=PATIENCE)

    def freeze(self) -> None:
        """Let it neither answer nor refuse."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """End it with SIGKILL; no-op where it does not run."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(PATIENCE)
            self.socket.unlink(missing_ok=True)

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
