"""A port of this machine that is free, and stays so until a test binds it."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def free_port() -> int:
    """Return a port below those that systems hand out by themselves: nobody is given it meanwhile.

    Linux hands out 32768 and above (``/proc/sys/net/ipv4/ip_local_port_range``), others 49152. Test
    runs beside each other begin at different ones.
    """
    for number in range(12_000):
        port = 20_000 + (os.getpid() + number) % 12_000
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no port from 20000 to 31999 is free")
