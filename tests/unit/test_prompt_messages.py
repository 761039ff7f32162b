"""The server's connection: each message is sent at once, and the rest is as it was."""

from pathlib import Path

import pytest

pytest.importorskip("jupyter_server", reason="get it with: pip install jupyterlab")

ROOT = Path(__file__).resolve().parents[2]


class Socket:
    """What stands between the handler and the operating system's socket."""

    def __init__(self, done):
        self.done = done

    def set_nodelay(self, on):
        self.done.append(("no delay", on))


def test_it_sends_at_once_from_the_first_message_on(monkeypatch):
    from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

    from kerasdemo.prompt_messages import PromptConnection

    done = []
    monkeypatch.setattr(
        ZMQChannelsWebsocketConnection, "connect", lambda self: done.append("connect") or "later"
    )
    handler = KernelWebsocketHandler.__new__(KernelWebsocketHandler)
    handler.ws_connection = Socket(done)
    connection = PromptConnection.__new__(PromptConnection)
    connection.websocket_handler = handler
    assert connection.connect() == "later"
    assert done == [("no delay", True), "connect"]


def test_make_lab_uses_it(monkeypatch):
    from jupyter_server.serverapp import ServerApp

    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from bootstrap import lab_command

    from kerasdemo.prompt_messages import PromptConnection

    app = ServerApp()
    app.parse_command_line([each for each in lab_command("python", "root") if "kernel_web" in each])
    assert app.kernel_websocket_connection_class is PromptConnection
