"""What a file keeps of a widget, and what a page gets back: the hook and the files of make lab."""

import asyncio
import copy
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from traitlets.config import Configurable

from kerasdemo.saving import VIEW, keep_pictures, take_views

ROOT = Path(__file__).parents[2]
VIEW_DATA = {"model_id": "abc", "version_major": 2, "version_minor": 0}


def output(*, view=True, page="<p>picture</p>", **data):
    data |= {"text/plain": "repr"} | ({"text/html": page} if page else {})
    data |= {VIEW: dict(VIEW_DATA)} if view else {}
    return nbformat.v4.new_output("display_data", data)


def model_of(*outputs):
    cells = [
        nbformat.v4.new_markdown_cell("words"),
        nbformat.v4.new_code_cell("widget", outputs=list(outputs)),
    ]
    return {"type": "notebook", "format": "json", "content": nbformat.v4.new_notebook(cells=cells)}


def kinds(model):
    return [sorted(out["data"]) for out in model["content"]["cells"][1]["outputs"]]


def save(model):
    keep_pictures(path="a.ipynb", model=model, contents_manager=None, later="argument")


# ---- the hook -----------------------------------------------------------------------------


def test_the_view_goes_where_a_page_is_beside_it():
    model = model_of(output())
    save(model)
    assert kinds(model) == [["text/html", "text/plain"]]


def test_nothing_else_is_touched():
    others = [
        output(view=False),
        output(page=""),
        output(page=[]),
        nbformat.v4.new_output("stream", text="printed"),
        nbformat.v4.new_output("error", ename="E", evalue="e", traceback=[]),
    ]
    model = model_of(*others)
    before = copy.deepcopy(model)
    save(model)
    assert model == before


def test_a_page_in_lines_counts_as_a_page():
    model = model_of(output(page=["<p>", "picture</p>"]))
    save(model)
    assert VIEW not in model["content"]["cells"][1]["outputs"][0]["data"]


@pytest.mark.parametrize(
    "model",
    [
        None,
        [],
        {},
        {"type": "file", "content": json.dumps({"cells": [VIEW]})},
        model_of(output()) | {"type": "file"},
        {"type": "directory", "content": [{"type": "notebook"}]},
        {"type": "notebook"},
        {"type": "notebook", "content": None},
        {"type": "notebook", "content": {"cells": None}},
        {"type": "notebook", "content": {"cells": [None, 3, {"outputs": None}, {"outputs": [1]}]}},
        {"type": "notebook", "content": {"cells": [{"outputs": [{"data": None}, {"data": []}]}]}},
        {"type": "notebook", "content": {"cells": [{"outputs": {"data": VIEW}}]}},
    ],
)
def test_whatever_is_odd_is_left_as_it_is(model):
    before = copy.deepcopy(model)
    save(model)
    assert model == before


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "content", "cells", "outputs", "data", "id", "text/html", VIEW]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_it_never_raises(content):
    save({"type": "notebook", "content": content})


def test_a_failure_is_logged_and_the_save_goes_on(caplog):
    class Stubborn(dict):
        def pop(self, *_):
            raise RuntimeError("no")

    model = model_of(output())
    cell = model["content"]["cells"][1]
    cell["outputs"] = [{"data": Stubborn(cell["outputs"][0]["data"])}]
    assert take_views(model) == {}
    assert "live views stay" in caplog.text


def test_the_server_loads_nothing_heavy_for_it():
    code = (
        "import sys; before = set(sys.modules); import kerasdemo.saving\n"
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}"
        " - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == ["kerasdemo"], done.stderr


def test_a_server_takes_the_hook_by_its_name(tmp_path):
    pytest.importorskip("jupyter_server", reason="get it with: pip install jupyterlab")
    from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
    from traitlets.config import Config

    config = Config()
    config.FileContentsManager.pre_save_hook = "kerasdemo.saving.keep_pictures"
    manager = AsyncLargeFileManager(root_dir=str(tmp_path), config=config)
    manager.delete_to_trash = False
    asyncio.run(manager.save(model_of(output()), "a.ipynb"))
    written = nbformat.read(tmp_path / "a.ipynb", 4)
    assert sorted(written.cells[1].outputs[0].data) == ["text/html", "text/plain"]


# ---- the files of make lab ----------------------------------------------------------------


class Server(Configurable):
    """A Jupyter server as far as the files ask it: its sessions and their kernels."""

    def __init__(self):
        super().__init__()
        self.pids = {"k1": 100}
        self.paths = {"a.ipynb": "k1"}
        self.session_manager = self.kernel_manager = self

    async def list_sessions(self):
        return [{"path": path, "kernel": {"id": number}} for path, number in self.paths.items()]

    def get_kernel(self, number):
        return SimpleNamespace(provisioner=SimpleNamespace(pid=self.pids[number]))


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def files(tmp_path, server):
    pytest.importorskip("jupyter_server", reason="get it with: pip install jupyterlab")
    from kerasdemo.notebook_files import NotebookFiles

    return NotebookFiles(root_dir=str(tmp_path), parent=server)


def write(files, model, path="a.ipynb"):
    asyncio.run(files.save(copy.deepcopy(model), path))


def read(files, path="a.ipynb"):
    return asyncio.run(files.get(path, type="notebook"))


def on_disk(files, path="a.ipynb"):
    return kinds({"content": nbformat.read(Path(files.root_dir) / path, 4)})


def test_the_file_has_the_picture_and_a_reload_the_view(files):
    model = model_of(output(), output(view=False), output(page=""))
    write(files, model)
    assert on_disk(files) == [["text/html", "text/plain"]] * 2 + [[VIEW, "text/plain"]]
    assert kinds(read(files)) == kinds(model)
    assert read(files)["content"]["cells"][1]["outputs"][0]["data"][VIEW] == VIEW_DATA


def test_saved_again_after_the_reload_all_is_as_before(files):
    write(files, model_of(output()))
    write(files, read(files))
    assert on_disk(files) == [["text/html", "text/plain"]]
    assert VIEW in kinds(read(files))[0]


@pytest.mark.parametrize("path", ["b.ipynb", "/a.ipynb"])
def test_other_ways_to_write_the_path(files, server, path):
    server.paths["b.ipynb"] = "k1"
    write(files, model_of(output()), path)
    assert VIEW in kinds(read(files, path.strip("/")))[0]


def without_view(files):
    return kinds(read(files)) == [["text/html", "text/plain"]]


def test_without_its_kernel_a_notebook_shows_the_picture(files, server):
    write(files, model_of(output()))
    server.paths.clear()
    assert without_view(files)


def test_each_notebook_is_asked_for_its_own_kernel(files, server):
    server.paths, server.pids = {"b.ipynb": "k2", "a.ipynb": "k1"}, {"k1": 100, "k2": 200}
    write(files, model_of(output()))
    server.pids["k2"] = 300  # only the other one is restarted
    assert VIEW in kinds(read(files))[0]


def test_another_kernel_is_not_the_one_that_made_the_view(files, server):
    write(files, model_of(output()))
    server.paths["a.ipynb"], server.pids["k2"] = "k2", 100
    assert without_view(files)


def test_after_a_restart_there_is_the_picture(files, server):
    write(files, model_of(output()))
    server.pids["k1"] = 200
    assert without_view(files)
    # saved once more by a page that was open all the time, and has not run the cell again
    write(files, model_of(output()))
    assert without_view(files)
    # the cell is run again: another view
    again = output()
    again["data"][VIEW]["model_id"] = "def"
    write(files, model_of(again))
    assert VIEW in kinds(read(files))[0]


def test_an_output_that_changed_on_disk_gets_no_view(files):
    model = model_of(output())
    write(files, model)
    path = Path(files.root_dir) / "a.ipynb"
    path.write_text(path.read_text().replace("picture", "another"))
    assert without_view(files)


def test_an_output_that_was_cleared_gets_no_view(files):
    model = model_of(output())
    write(files, model)
    bare = model_of(output(view=False))
    bare["content"]["cells"][1]["id"] = model["content"]["cells"][1]["id"]
    write(files, bare)
    assert without_view(files)


def test_only_what_is_read_whole_is_looked_at(files):
    write(files, model_of(output()))
    assert asyncio.run(files.get("a.ipynb", content=False))["content"] is None
    assert asyncio.run(files.get("", type="directory"))["content"][0]["name"] == "a.ipynb"


@pytest.mark.parametrize("broken", ["list_sessions", "get_kernel"])
def test_a_server_that_cannot_be_asked_loses_no_save(files, server, broken, monkeypatch):
    def fails(*_):
        raise RuntimeError("no answer")

    write(files, model_of(output()))
    monkeypatch.setattr(server, broken, fails)
    assert without_view(files)
    write(files, model_of(output(page="<p>new</p>")))
    assert "new" in (Path(files.root_dir) / "a.ipynb").read_text()


def test_make_lab_saves_through_these_files():
    spec = importlib.util.find_spec("jupyter_server")
    if spec is None:
        pytest.skip("no jupyter_server; get it with: pip install jupyterlab")
    from jupyter_server.serverapp import ServerApp

    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from bootstrap import lab_command
    finally:
        sys.path.remove(str(ROOT / "tools"))
    options = [each for each in lab_command("python", "root") if "contents" in each]
    app = ServerApp()
    app.parse_command_line(options)
    from kerasdemo.notebook_files import NotebookFiles

    assert app.contents_manager_class is NotebookFiles
