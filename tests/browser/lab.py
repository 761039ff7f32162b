"""A real JupyterLab for the tests (or Notebook, or Voila), and the browser to look at it with.

Each server listens on a free port of 127.0.0.1 with a token, keeps everything below one temporary
folder, and only what was started here is ended here.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def find_chromium() -> str | None:
    """Return the path of the system's Chromium; the variable CHROMIUM overrides the search."""
    if os.environ.get("CHROMIUM"):
        return os.environ["CHROMIUM"]
    return next((path for path in map(shutil.which, CHROMIUM_NAMES) if path), None)


def notebook_of(*cells: str) -> nbformat.NotebookNode:
    """Return a notebook with these code cells, not run."""
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )


class JupyterServer:
    """One server over an empty folder; the classes below say which program it is."""

    alive = "api/status"  # what answers as soon as the server does

    def __init__(self, home: Path) -> None:
        self.home = home
        self.root = home / "notebooks"
        self.settings = home / "settings"
        self.root.mkdir(parents=True)
        self.token = secrets.token_hex(16)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = (home / "server.log").open("wb")
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Return what Python is asked to run."""
        raise NotImplementedError

    def address(self, path: str) -> str:
        """Return the address of a notebook's page."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the server and wait until it answers."""
        places = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "IPYTHONDIR": "ipython",
        }
        environment = {name: str(self.home / place) for name, place in places.items()}
        path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
        self.set_theme("light")
        self._leave_the_build_be()
        self._process = subprocess.Popen(
            [sys.executable, *self.command()],
            cwd=self.root,
            env={**os.environ, **environment, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        end = time.monotonic() + 120
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError((self.home / "server.log").read_text()[-4000:])
            time.sleep(0.2)

    @property
    def pid(self) -> int:
        """The process of the server, once it is started."""
        if self._process is None:
            raise RuntimeError("the server is not started")
        return self._process.pid

    def stop(self) -> None:
        """End the kernels and the server that were started here."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()

    def set_theme(self, theme: str) -> None:
        """Choose the theme of the pages opened from now on, and keep news off the screen."""
        wishes = {
            "apputils-extension/themes": {"theme": THEMES[theme]},
            "apputils-extension/notification": {
                "fetchNews": "false",
                "checkForUpdates": False,
                "doNotDisturbMode": True,
            },
            "docmanager-extension/plugin": {"autosave": False},
        }
        for name, wish in wishes.items():
            file = self.settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(wish))

    def _leave_the_build_be(self) -> None:
        """Keep each page from asking whether JupyterLab should be built anew: npm is slow."""
        file = self.home / "config" / "labconfig" / "page_config.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"buildCheck": False}))

    def end_kernels(self, *paths: str) -> None:
        """Shut down the kernels of these notebooks; without any, every kernel of this server."""
        for session in json.loads(self._ask("api/sessions")):
            if paths and session["path"] not in paths:
                continue
            self._ask(f"api/sessions/{session['id']}", method="DELETE")

    def _answers(self) -> bool:
        try:
            self._ask(self.alive)
        except OSError:
            return False
        return True

    def _ask(self, path: str, method: str = "GET") -> bytes:
        request = urllib.request.Request(
            f"{self.url}/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())


class LabServer(JupyterServer):
    """One JupyterLab server."""

    def command(self) -> list[str]:
        """Return what Python is asked to run."""
        return [
            *("-m", "jupyterlab", "--no-browser", "--allow-root"),
            *self._place(),
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.news_url=None",
            "--LabApp.extension_manager=readonly",
        ]

    def _place(self) -> list[str]:
        return [
            *("--ip=127.0.0.1", f"--port={self.port}", "--ServerApp.port_retries=0"),
            f"--ServerApp.root_dir={self.root}",
            "--KernelManager.transport_encryption=auto",  # as `make lab` has it
            f"--IdentityProvider.token={self.token}",
        ]

    def address(self, path: str) -> str:
        """Return the address of a notebook's page."""
        return f"{self.url}/doc/tree/{path}?token={self.token}"


class NotebookServer(LabServer):
    """One Notebook 7 server."""

    def command(self) -> list[str]:
        """Return what Python is asked to run."""
        return [
            *("-m", "notebook", "--no-browser", "--allow-root"),
            *self._place(),
            "--JupyterNotebookApp.expose_app_in_browser=True",
        ]

    def address(self, path: str) -> str:
        """Return the address of a notebook's page."""
        return f"{self.url}/notebooks/{path}?token={self.token}"


class VoilaServer(JupyterServer):
    """One Voila server: each page runs its notebook in a kernel of its own."""

    alive = ""

    def command(self) -> list[str]:
        """Return what Python is asked to run."""
        return [
            *("-m", "voila", str(self.root), "--no-browser", f"--token={self.token}"),
            *("--Voila.ip=127.0.0.1", f"--port={self.port}", "--Voila.port_retries=0"),
        ]

    def address(self, path: str, theme: str = "light") -> str:
        """Return the address of a notebook's page."""
        return f"{self.url}/voila/render/{path}?token={self.token}&theme={theme}"
