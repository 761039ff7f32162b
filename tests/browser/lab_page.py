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


VIEWPORT = {"width": 1024, "height": 1000}
# What JupyterLab opens when a file is clicked; what it showed before is put away, saved or not.
OPEN = """async (path) => {
    const { commands, shell } = window.jupyterapp;
    const before = [...shell.widgets("main")];
    await commands.execute("docmanager:open", { path });
    for (const widget of before) widget.dispose();
}"""
READY = """(path) => {
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.content?.widgets?.length && panel.context.path === path
        && panel.sessionContext?.isReady && panel.sessionContext.session?.kernel?.status === 'idle';
}"""


class Pages:
    """Pages with JupyterLab in them: to load one costs as much as several tests, so one notebook
    after the other is opened there, as a click in the list of files would.
    """

    def __init__(self, browser) -> None:
        self._browser = browser
        self._context = None
        self._free: dict[JupyterServer, list] = {}

    def open(self, server: JupyterServer, path: str, theme: str = "light") -> OpenNotebook:
        """Open a notebook in a page that nobody else has."""
        server.set_theme(theme)
        if free := self._free.get(server):
            page = free.pop()
        else:
            if self._context is None:
                self._context = self._browser.new_context(viewport=VIEWPORT)
            page = self._context.new_page()
        page.set_default_timeout(10_000)
        notebook = OpenNotebook(server, page, path)
        notebook.use_theme(theme)
        return notebook

    def put_away(
        self, notebook: OpenNotebook, *, spoiled: bool = False, kernel: bool = True
    ) -> None:
        """End a notebook and its kernel; its page is for the next, unless it is spoiled."""
        page = notebook.page
        if spoiled:
            page.close()
        if not page.is_closed():
            notebook.leave()
            page.set_viewport_size(VIEWPORT)
            self._free.setdefault(notebook.server, []).append(page)
        if kernel:
            notebook.server.end_kernels(notebook.path)

    def close(self) -> None:
        """Close all pages."""
        if self._context is not None:
            self._context.close()


class OpenNotebook:
    """A notebook that is open in JupyterLab; a page that has JupyterLab in it loads nothing."""

    def __init__(self, server: JupyterServer, page, path: str) -> None:
        self.server = server
        self.page = page
        self.path = path
        self.errors: list[str] = []
        page.on("console", self._listen)
        page.on("pageerror", self._listen_to_errors)
        self._address = server.address(path)
        if page.evaluate("() => 'jupyterapp' in window"):
            page.evaluate(OPEN, path)
            self._wait_for_kernel()
        else:
            self.open()

    def open(self) -> None:
        """Load the page, or load it again, and wait for the kernel."""
        self.page.goto(self._address)
        self._wait_for_kernel()

    def _wait_for_kernel(self) -> None:
        self.page.wait_for_function(READY, arg=self.path, timeout=60_000)

    def leave(self) -> None:
        """Take the notebook off the page, unsaved, and listen there no more."""
        self.page.remove_listener("console", self._listen)
        self.page.remove_listener("pageerror", self._listen_to_errors)
        self.page.evaluate(
            "() => { for (const widget of [...window.jupyterapp.shell.widgets('main')])"
            " widget.dispose(); }"
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

    def begin_anew(self, setup: str) -> None:
        """Forget all names, leave one cell alone, with this code, and run it in the same kernel."""
        self.use_theme("light")
        self.show()
        self.run("%reset -f")
        self.page.evaluate(
            "(source) => window.jupyterapp.shell.currentWidget.model.cells.get(0)"
            ".sharedModel.setSource(source)",
            setup,
        )
        self.run_all()
        self.errors.clear()

    def use_theme(self, theme: str) -> None:
        """Change the theme of the open page, as its menu does, unless it has that one."""
        light = str(theme == "light").lower()
        if self.page.locator("body").get_attribute("data-jp-theme-light") == light:
            return
        self.page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
            THEMES[theme],
        )
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

    def _listen_to_errors(self, error) -> None:
        self.errors.append(f"page error: {error.stack}")

    def _listen(self, message) -> None:
        if message.type == "error" and not any(words in message.text for words in NOT_OURS):
            self.errors.append(message.text)
