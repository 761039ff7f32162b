"""A real JupyterLab for the tests: its server, its browser, and a notebook open in it.

The server listens on a free port of 127.0.0.1 with a token, keeps everything below one temporary
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
# Starts a command and does not wait: a cell that never ends meets the timeout of `wait_done`.
START = """(command) => {
    window.commandDone = false;
    const done = window.jupyterapp.commands.execute(command);
    done.catch(() => {}).finally(() => { window.commandDone = true; });
}"""
# What JupyterLab itself, or the browser, says on any page; none of it comes from a widget.
NOT_OURS = (
    "favicon",
    "WebGL",
    "Failed to load resource: the server responded with a status of 404",
    "ResizeObserver loop",
)


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


class LabServer:
    """One JupyterLab server over an empty folder."""

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
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *("--ip=127.0.0.1", f"--port={self.port}", "--ServerApp.port_retries=0"),
            f"--ServerApp.root_dir={self.root}",
            f"--IdentityProvider.token={self.token}",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.news_url=None",
            "--LabApp.extension_manager=readonly",
        ]
        self.set_theme("light")
        self._process = subprocess.Popen(
            command,
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

    def end_kernels(self) -> None:
        """Shut down every kernel of this server."""
        for session in json.loads(self._ask("api/sessions")):
            self._ask(f"api/sessions/{session['id']}", method="DELETE")

    def _answers(self) -> bool:
        try:
            self._ask("api/status")
        except OSError:
            return False
        return True

    def _ask(self, path: str, method: str = "GET") -> bytes:
        request = urllib.request.Request(
            f"{self.url}/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bytes(answer.read())


class OpenNotebook:
    """A notebook that is open in JupyterLab, in a page of its own."""

    def __init__(self, server: LabServer, page, path: str) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.errors.append(f"page error: {error}"))
        self._address = f"{server.url}/doc/tree/{path}?token={server.token}"
        self.open()

    def open(self) -> None:
        """Open the page, or load it again, and wait for the kernel."""
        self.page.goto(self._address)
        self.page.wait_for_function(
            "() => { const panel = window.jupyterapp?.shell.currentWidget;"
            " return panel?.content?.widgets?.length && panel.sessionContext?.isReady"
            " && panel.sessionContext.session?.kernel?.status === 'idle'; }",
            timeout=60_000,
        )

    def run_all(self, timeout: float = 60) -> None:
        """Run every cell, and wait until the kernel has done them all."""
        self.page.evaluate(START, "notebook:run-all-cells")
        self.wait_done(timeout)

    def wait_done(self, timeout: float = 60) -> None:
        """Wait until the command has ended and the kernel is idle."""
        self.page.wait_for_function(
            "() => window.commandDone"
            " && window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
            " === 'idle'",
            timeout=timeout * 1000,
        )

    def show(self, *cells: str) -> None:
        """Replace every cell but the first by these, close all widgets, and run the new cells."""
        self.run("import ipywidgets; ipywidgets.Widget.close_all()")
        self.page.evaluate(
            """(sources) => {
                const panel = window.jupyterapp.shell.currentWidget;
                const shared = panel.content.model.sharedModel;
                shared.deleteCellRange(1, shared.cells.length);
                shared.insertCells(1, sources.map((source) => ({ cell_type: 'code', source })));
                panel.content.activeCellIndex = 1;
            }""",
            list(cells),
        )
        self.page.evaluate(START, "notebook:run-all-below")
        self.wait_done()

    def use_theme(self, theme: str) -> None:
        """Change the theme of the open page, as its menu does."""
        self.page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
            THEMES[theme],
        )
        light = str(theme == "light").lower()
        self.page.locator(f'body[data-jp-theme-light="{light}"]').wait_for(state="attached")

    def wait_for_print(self, expression: str, wanted: object) -> str:
        """Wait until the kernel prints what is wanted; return what it printed last."""
        said = ""
        for _ in range(60):
            said = self.run(f"print({expression})")
            if said == str(wanted):
                break
            self.page.wait_for_timeout(50)
        return said

    def scroll_through(self) -> None:
        """Bring every cell on the screen once: JupyterLab draws only what has been seen."""
        for cell in range(self.cell_count):
            self.page.evaluate(
                "(at) => window.jupyterapp.shell.currentWidget.content.scrollToItem(at, 'smart')",
                cell,
            )
            self.page.wait_for_timeout(50)

    def save(self) -> None:
        """Write the notebook to its file."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def run(self, code: str) -> str:
        """Run code in the notebook's kernel, apart from its cells; return what it printed."""
        return str(
            self.page.evaluate(
                """async (code) => {
                    const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
                    const future = kernel.requestExecute({ code, store_history: false });
                    let said = '';
                    future.onIOPub = ({ header, content }) => {
                        if (header.msg_type === 'stream') said += content.text;
                        if (header.msg_type === 'error') said += content.traceback.join('\\n');
                    };
                    const late = new Promise((_, no) => setTimeout(no, 20000, new Error('busy')));
                    await Promise.race([future.done, late]);
                    return said.trim();
                }""",
                code,
            )
        )

    @property
    def cell_count(self) -> int:
        """How many cells the notebook has."""
        return int(
            self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length")
        )

    def outputs(self) -> list[dict]:
        """Return the outputs of all cells, as the notebook holds them."""
        return list(
            self.page.evaluate(
                "() => window.jupyterapp.shell.currentWidget.model.toJSON().cells"
                ".flatMap((cell) => cell.outputs ?? [])"
            )
        )

    def _listen(self, message) -> None:
        if message.type == "error" and not any(words in message.text for words in NOT_OURS):
            self.errors.append(message.text)
