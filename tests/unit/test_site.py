"""`make site`: what becomes of a lesson's cells, links and widgets, and what is refused."""

from __future__ import annotations

import base64
import doctest
import importlib
import json
import re
import sys
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("nbconvert", reason="no nbconvert; get it with: make test")

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import make_site  # noqa: E402
from website import cells, classifier, pages, running, views  # noqa: E402
from website.lessons import SiteError, read_lesson  # noqa: E402

TITLE = (
    "# 03 · Three ways\n\nOne sentence about `predict`.\n\n**20 minutes** · needs: [01](01_a.ipynb)"
)
VIEW = "application/vnd.jupyter.widget-view+json"


def anywidget(kind, *, style=".a {}", buffers=(), **state):
    held = {"_esm": f"// {kind}", "_css": style, "_anywidget_id": f"kit.{kind}", **state}
    packed = [
        {"path": way, "data": base64.b64encode(data).decode(), "encoding": "base64"}
        for way, data in buffers
    ]
    return {"model_name": "AnyModel", "state": held, "buffers": packed}


def core(name, **state):
    return {"model_name": name, "state": state}


def run_of(state, cells=(), pads=None):
    notebook = nbformat.v4.new_notebook(cells=[*cells])
    notebook.metadata["widgets"] = {running.STATE: {"state": state}}
    if pads:
        said = nbformat.v4.new_output("stream", name="stdout", text=json.dumps(pads))
        notebook.cells.append(nbformat.v4.new_code_cell(id=running.LAST, outputs=[said]))
    return running.Run(notebook)


def shown(text, model_id=None, **more):
    data = {"text/plain": text, **more} | ({VIEW: {"model_id": model_id}} if model_id else {})
    return nbformat.v4.new_output("display_data", data)


def lesson_of(folder, *code, title=TITLE, name="03_three.ipynb"):
    made = [nbformat.v4.new_markdown_cell(title, id="title"), *code]
    nbformat.write(nbformat.v4.new_notebook(cells=made), folder / name)
    return read_lesson(folder / name)


@pytest.mark.parametrize("module", [cells, make_site])
def test_the_examples_in_the_docstrings(module):
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)


# --- lessons and links ------------------------------------------------------------------------


def test_the_index_shows_what_the_title_cell_says(tmp_path):
    lesson = lesson_of(tmp_path)
    assert (lesson.number, lesson.title, lesson.minutes) == ("03", "Three ways", "20 minutes")
    assert lesson.sentence == "One sentence about `predict`."
    page = pages.index_page([lesson])
    for part in ("03_three.html", "Three ways", "about <code>predict</code>.", "20 minutes"):
        assert part in page


@pytest.mark.parametrize("title", ["# Three\n\nOne.\n\n**20 minutes**", "# 03 · Three\n\nOne.", ""])
def test_a_lesson_without_title_or_minutes_is_named(tmp_path, title):
    with pytest.raises(SiteError, match=r"03_three\.ipynb: its first cell needs"):
        lesson_of(tmp_path, title=title)


@pytest.mark.parametrize(
    ("target", "becomes"),
    [
        ("01_a.ipynb", ' href="01_a.html"'),
        ("01_a.ipynb#Set-up", ' href="01_a.html#Set-up"'),
        ("#Set-up", ' href="#Set-up"'),
        ("https://keras.io/a.ipynb", ' href="https://keras.io/a.ipynb"'),
        ("05_left_out.ipynb", ""),  # it is there, but this site is of some lessons only
    ],
)
def test_links_lead_to_pages(tmp_path, target, becomes):
    (tmp_path / "05_left_out.ipynb").touch()
    page = cells.markdown_html(f"See [it]({target}).")
    assert (
        cells.link_pages(page, {"01_a.html"}, tmp_path, "x") == f"<p>See <a{becomes}>it</a>.</p>\n"
    )


@pytest.mark.parametrize("target", ["04_gone.ipynb", "../README.md"])
def test_a_link_to_nothing_is_an_error_that_names_the_cell(tmp_path, target):
    cell = nbformat.v4.new_markdown_cell(f"[x]({target})", id="where-next")
    lesson = lesson_of(tmp_path, cell, title=TITLE.replace("[01](01_a.ipynb)", "nothing"))
    with pytest.raises(SiteError, match=rf"03_three.*cell 2 \(where-next\).*{re.escape(target)}"):
        pages.lesson_page(lesson, run_of({}), [lesson])


def test_headings_have_the_ids_that_links_in_notebooks_use():
    page = cells.markdown_html("## 1 · `a` & b\n\ntext")
    assert '<h2 id="1-·-a-&amp;-b">1 · <code>a</code> &amp; b</h2>' in page


def test_every_link_between_the_lessons_finds_its_place(tmp_path):
    lessons = [read_lesson(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    made = {each.page: pages.lesson_page(each, run_of({}), lessons)[0] for each in lessons}
    made["glossary.html"] = pages.glossary_page(ROOT / "notebooks", lessons)
    checked = 0
    for name, page in made.items():
        for other, place in re.findall(r'<a\b[^>]* href="([\w.]*)#([^"]+)"', page):
            assert f'id="{place}"' in made[other or name], f"{name}: {other}#{place}"
            checked += 1
    assert checked > 200


# --- nothing from another host ----------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.org/a.js"></script>',
        "<link rel=stylesheet href=//cdn.org/a.css>",
        '<img alt="a"\n src = "http://a.org/a.png">',
        "<style>a { background: url(https://a.org/a.png) }</style>",
        '<style>@import "https://a.org/a.css";</style>',
        "<style>@import url('//a.org/a.css');</style>",
        '<iframe src="https://a.org"></iframe>',
    ],
)
def test_what_would_ask_another_host_is_found_and_not_written(tmp_path, page):
    assert len(make_site.elsewhere(page)) == 1
    with pytest.raises(SiteError, match=r"a\.html would ask another host for .*\.org"):
        make_site._write(tmp_path / "a.html", page)
    assert not (tmp_path / "a.html").exists()


def test_links_and_names_are_not_taken_for_requests():
    page = '<a href="https://a.org">a</a><svg xmlns="http://www.w3.org/2000/svg"></svg><p>http://a'
    assert make_site.elsewhere(page) == []


@pytest.mark.parametrize("name", sorted(path.name for path in pages.ASSETS.iterdir()))
def test_no_asset_names_another_host(name):
    text = (pages.ASSETS / name).read_text(encoding="utf-8")
    text = re.sub(r'<a\s+href="[^"]*"', "", text).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|\bfetch\(|XMLHttpRequest|@import", text)


def test_every_asset_is_copied_or_read():
    read = {"page.html", "index.html", "classifier.js"}
    assert {path.name for path in pages.ASSETS.iterdir()} == read | set(make_site.COPIED)


# --- widgets ----------------------------------------------------------------------------------


def test_what_is_alike_is_on_the_page_once():
    run = run_of(
        {
            "a": anywidget(
                "View",
                n=1,
                buffers=[(["_rows"], b"long"), (["_deep", "x"], b"other")],
                _deep={"y": 1},
                layout="IPY_MODEL_l",
            ),
            "b": anywidget("View", n=2, buffers=[(["_rows"], b"long")]),
            "c": anywidget("Pad"),
            "l": core("LayoutModel", width="9em", height=None, _view_name="LayoutView"),
            "unseen": anywidget("View", n=3, buffers=[(["_rows"], b"not wanted")]),
        }
    )
    got, refused = views.collect(run, ["a", "b", "c"])
    assert refused == {}
    assert got.buffers == [base64.b64encode(data).decode() for data in (b"long", b"other")]
    assert got.models["a"]["state"] == {
        "n": 1,
        "_rows": {"$bytes": 0},
        "_deep": {"y": 1, "x": {"$bytes": 1}},
    }
    assert got.models["a"]["layout"] == {"width": "9em"}
    assert got.models["b"]["state"]["_rows"] == {"$bytes": 0}
    assert got.models["a"]["module"] == got.models["b"]["module"] != got.models["c"]["module"]
    assert {module.script for module in got.modules.values()} == {"// View", "// Pad"}
    assert "unseen" not in got.models


def test_the_name_of_a_script_changes_with_it():
    one, other = (
        next(iter(views.collect(run_of({"a": anywidget("View", style=s)}), ["a"])[0].modules))
        for s in (".a {}", ".b {}")
    )
    assert one != other
    assert one.startswith("view-")


def test_boxes_bring_their_children_and_links_both_their_ends():
    run = run_of(
        {
            "box": core("VBoxModel", children=["IPY_MODEL_a", "IPY_MODEL_b"]),
            "a": anywidget("View"),
            "b": anywidget("View"),
            "far": anywidget("View"),
            "inside": core("LinkModel", source=["IPY_MODEL_a", "i"], target=["IPY_MODEL_b", "i"]),
            "half": core("LinkModel", source=["IPY_MODEL_a", "i"], target=["IPY_MODEL_far", "i"]),
        }
    )
    got, refused = views.collect(run, ["box"])
    assert (set(got.models), refused) == ({"box", "a", "b", "inside"}, {})
    assert got.models["box"]["box"] == "column"
    assert got.models["inside"]["link"] is True


def test_another_kind_of_widget_stays_a_picture_and_is_named(tmp_path):
    state = {
        "box": core("HBoxModel", children=["IPY_MODEL_a", "IPY_MODEL_s"]),
        "a": anywidget("View"),
        "s": core("IntSliderModel"),
    }
    still = shown("HBox()", **{"text/html": "<p>still</p>"})
    cell = nbformat.v4.new_code_cell("box", id="box", outputs=[still])
    again = nbformat.v4.new_code_cell("box", id="box", outputs=[shown("HBox()", "box")])
    title = TITLE.replace("[01](01_a.ipynb)", "nothing")
    page, got, remarks = pages.lesson_page(
        lesson := lesson_of(tmp_path, cell, title=title), run_of(state, [again]), [lesson]
    )
    assert remarks == ["03_three.ipynb: a still picture stands for IntSliderModel"]
    assert got.models == {}
    assert "<p>still</p>" in page
    assert "data-kd-model" not in page
    assert "player.js" not in page


def test_the_words_are_the_notebooks_and_the_widgets_the_runs(tmp_path):
    old = [shown("first", **{"text/html": "<b>committed</b>"}), shown("second")]
    new = [shown("first", "m", **{"text/html": "<b>of the run</b>"}), shown("second")]
    title = TITLE.replace("[01](01_a.ipynb)", "nothing")
    lesson = lesson_of(tmp_path, nbformat.v4.new_code_cell("x", id="c", outputs=old), title=title)
    state = {"m": anywidget("View", said="</script><b>")}

    def made(outputs):
        again = nbformat.v4.new_code_cell("x", id="c", outputs=outputs)
        return pages.lesson_page(lesson, run_of(state, [again]), [lesson])[0]

    page = made(new)
    assert '<div class="live" data-kd-model="m"><div class="out rich"><b>committed</b>' in page
    assert "of the run" not in page
    assert page.count("data-kd-model") == 1
    held = re.search(r'id="kd-state">(.*?)</script>', page, flags=re.S)[1]
    assert json.loads(held)["models"]["m"]["state"] == {"said": "</script><b>"}
    assert "data-kd-model" not in made(new[:1]), "not the same outputs: nothing is live"


def test_a_drawing_pad_says_whom_it_asks():
    pad = anywidget("Pad", _anywidget_id=views.DRAWING_PAD)
    run = run_of({"a": pad, "b": pad, "c": pad}, pads={"a": "shipped", "b": "none"})
    got, _ = views.collect(run, ["a", "b", "c"])
    assert [got.models[name]["reads"] for name in "abc"] == ["shipped", "none", "other"]


def test_the_kernel_tells_whom_the_pads_ask():
    """The code that runs after a lesson, here in this process."""
    import kerasdemo as kd

    kept = [kd.DrawingPad(), kd.DrawingPad(kd.build_classifier()), kd.DrawingPad(False)]
    space: dict[str, object] = {}
    exec(running.PADS, space)
    told = space["_pads"]()
    assert [told[pad.model_id] for pad in kept] == ["shipped", "other", "none"]


# --- running and writing ----------------------------------------------------------------------


@pytest.fixture
def runs(monkeypatch):
    """Replace the kernel by a list of what it was asked to run."""
    asked = []

    def run_with_widgets(path):
        asked.append(path.name)
        return nbformat.read(path, as_version=4)

    monkeypatch.setattr(running, "run_with_widgets", run_with_widgets)
    return asked


def test_a_lesson_is_run_again_only_when_something_changed(tmp_path, runs):
    path = lesson_of(tmp_path).path
    cache = tmp_path / "cache"
    assert [running.run(path, "s", cache)[1] for _ in range(2)] == [True, False]
    running.run(path, "other sources", cache)
    path.write_text(path.read_text(encoding="utf-8").replace("sentence", "word"), encoding="utf-8")
    running.run(path, "other sources", cache)
    assert runs == ["03_three.ipynb"] * 3
    assert len(list(cache.iterdir())) == 1, "of each lesson, the last run alone is kept"


def test_the_hash_of_the_sources_sees_every_file(tmp_path):
    (tmp_path / "kerasdemo" / "widgets").mkdir(parents=True)
    script = tmp_path / "kerasdemo" / "widgets" / "a.js"
    hashes = []
    for text in ("1", "2", "1"):
        script.write_text(text)
        hashes.append(running.source_hash(tmp_path))
    assert hashes[0] == hashes[2] != hashes[1]


def test_a_cell_that_fails_is_named_and_the_old_site_stays(tmp_path, capsys, monkeypatch):
    title = TITLE.replace("[01](01_a.ipynb)", "nothing")
    bad = nbformat.v4.new_code_cell("1 / 0", id="the-bad-one")
    path = lesson_of(tmp_path, bad, title=title).path
    monkeypatch.setattr(make_site.build, "__defaults__", (tmp_path / "cache",))
    out = tmp_path / "site"
    out.mkdir()
    (out / "index.html").write_text("old")
    assert make_site.main([str(path), "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert "03_three.ipynb, cell 2 (the-bad-one): ZeroDivisionError" in said
    assert (out / "index.html").read_text() == "old"


def test_a_site_is_whole(tmp_path, runs, capsys, monkeypatch):
    title = TITLE.replace("[01](01_a.ipynb)", "nothing")
    path = lesson_of(tmp_path, title=title).path
    monkeypatch.setattr(make_site.build, "__defaults__", (tmp_path / "cache",))
    out = tmp_path / "site"
    assert make_site.main([str(path), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "[1/1] 03_three.ipynb: run in" in said
    assert "make site ARGS=--serve" in said
    for name in ("index.html", "03_three.html", "glossary.html", "api.html"):
        page = (out / name).read_text(encoding="utf-8")
        for asset in re.findall(r'(?:src|href)="(assets/[^"]+)"', page):
            assert (out / asset).is_file(), asset


class Layer:
    def __init__(self, kind, **options):
        self.__class__ = type(kind, (Layer,), {})
        self.name, self.options = "it", options

    def get_config(self):
        return self.options


@pytest.mark.parametrize(
    "layer",
    [
        ("BatchNormalization", {}),
        ("Conv2D", {**classifier._CONVOLUTION, "padding": "same"}),
        ("MaxPooling2D", {**classifier._POOLING, "pool_size": (3, 3)}),
    ],
)
def test_a_layer_that_the_page_cannot_compute_is_refused(layer):
    kind, options = layer
    model = type("Model", (), {"layers": [Layer(kind, **options)]})
    with pytest.raises(SiteError, match=f"cannot compute {kind} it"):
        classifier.describe_layers(model)


def test_the_job_is_there():
    bootstrap = importlib.import_module("bootstrap")
    assert bootstrap.JOBS["site"][:2] == ("test", ["tools/make_site.py"])
    assert (ROOT / "tools" / "make_site.py").is_file()


def test_the_workflow_may_do_no_more_than_publish():
    text = (ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8")
    allowed = {"contents": "read", "pages": "write", "id-token": "write"}
    granted = dict(re.findall(r"^ +([a-z-]+): (read|write)\b", text, flags=re.M))
    assert granted == allowed
    used = re.findall(r"uses: (\S+)", text)
    assert len(used) == 4
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", name) for name in used)
