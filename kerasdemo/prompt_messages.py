"""Messages between page and kernel that do not wait for each other."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """The server's connection to a page, each small message sent at once.

    By default the operating system holds a small message back until the one before it has been
    acknowledged (Nagle's algorithm, RFC 896), and a browser acknowledges up to 40 ms later. An
    answer of a widget is several small messages: it then comes late enough to be seen. Setting
    TCP_NODELAY ends this. ``make lab`` uses it; another Jupyter server does with this line in
    ``jupyter_server_config.py``::

        c.ServerApp.kernel_websocket_connection_class = "kerasdemo.prompt_messages.PromptConnection"
    """

    def connect(self) -> Any:
        """Connect to the kernel, on a socket that sends at once."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
