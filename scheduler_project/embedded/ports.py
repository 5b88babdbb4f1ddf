"""Free ports of the loopback address."""

import random
import socket

# Below the range the kernel takes client ports from: nobody's outgoing connection can sit on a
# server's port while that server restarts.
SERVER_PORTS = range(20000, 32000)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server could listen on ``port`` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose() -> int:
    """Return a port nobody listens on."""
    candidates = random.sample(SERVER_PORTS, len(SERVER_PORTS))
    return next(port for port in candidates if is_free(port))
