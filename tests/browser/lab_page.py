"""A notebook open in JupyterLab: run it, change it, ask its kernel, read its outputs."""

from __future__ import annotations

from lab import THEMES, JupyterServer

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


class OpenNotebook:
    """A notebook that is open in JupyterLab, in a page of its own."""

    def __init__(self, server: JupyterServer, page, path: str) -> None:
        self.page = page
        self.path = path
        self.errors: list[str] = []
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.errors.append(f"page error: {error.stack}"))
        self._address = server.address(path)
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
        for _ in range(400):
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
                    const late = new Promise((_, no) => setTimeout(no, 60000, new Error('busy')));
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
