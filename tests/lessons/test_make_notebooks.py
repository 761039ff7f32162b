"""`make notebooks` stores what the code prints, and nothing that changes from run to run."""

from __future__ import annotations

import importlib.util
import json
import os

import nbformat
import pytest
from places import ROOT

SPEC = importlib.util.spec_from_file_location(
    "make_notebooks", ROOT / "tools" / "make_notebooks.py"
)
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)

SMALL = (
    "# A small notebook",
    "import os\nprint('one')\nprint('two')\nos.write(1, b'FROM BELOW'.lower());",
    "import kerasdemo as kd\nguess = kd.predict_first('03a')",
    "import ipywidgets\nipywidgets.IntSlider(description='n')",
    "1 + 1",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the small notebook's text after one run, its path, and what the tool said."""
    path = tmp_path_factory.mktemp("made") / "90_small.ipynb"
    cells = [nbformat.v4.new_markdown_cell(SMALL[0])]
    cells += [nbformat.v4.new_code_cell(source) for source in SMALL[1:]]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["language_info"] = {"name": "python", "version": "3.99.9"}
    notebook.metadata["widgets"] = {"state": {}}
    notebook.cells[1].metadata["collapsed"] = True
    nbformat.write(notebook, path)
    pytest_says = os.environ.pop("PYTEST_CURRENT_TEST")  # as for somebody who types make notebooks
    status = tool.main([str(path)])
    os.environ["PYTEST_CURRENT_TEST"] = pytest_says
    return path, path.read_text(encoding="utf-8"), status


def test_outputs_and_counts_are_stored(made):
    _, text, status = made
    notebook = nbformat.reads(text, as_version=4)
    assert status == 0
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3, 4]
    assert code[-1].outputs[0].data["text/plain"] == "2"
    assert [output.text for output in code[0].outputs] == ["one\ntwo\n"]


def test_folders_of_this_machine_are_written_as_everybody_s(monkeypatch):
    root = tool.Path(tool.Path.home().anchor)
    home = root / "home" / "ada"
    monkeypatch.setattr(tool.sys, "prefix", str(home / "kit" / "env"))
    text = f"{home / 'kit' / 'env' / 'x.py'} {home / 'a.txt'} 1/2 {root / 'usr' / 'b'}"
    here = tool.Path(".venv") / "x.py"
    for place, said in [(home, tool.Path("~") / "a.txt"), (root, home / "a.txt")]:
        monkeypatch.setattr(tool.Path, "home", lambda place=place: place)
        assert tool._without_places(text) == f"{here} {said} 1/2 {root / 'usr' / 'b'}"


def test_nothing_of_the_machine_or_the_widgets_is_stored(made):
    _, text, _ = made
    for word in ("widget-view", "model_id", "version_major", "3.99", "collapsed", "transient"):
        assert word not in text
    assert "from below" not in text, "ipykernel captured the file descriptors"
    table = json.loads(text)
    assert set(table["metadata"]) == {"kernelspec", "language_info"}, "and no time: it is no lesson"
    assert "version" not in table["metadata"]["language_info"]


def test_a_question_keeps_its_static_form(made):
    _, text, _ = made
    outputs = nbformat.reads(text, as_version=4).cells[2].outputs
    assert set(outputs[0].data) == {"text/plain", "text/html"}
    assert "How many of the three" in outputs[0].data["text/html"]


def test_cells_are_named_in_words(made):
    _, text, _ = made
    ids = [cell.id for cell in nbformat.reads(text, as_version=4).cells]
    assert ids[0] == "a-small-notebook"
    assert ids[-1] == "1-1"
    assert len(set(ids)) == len(ids)


def test_a_second_run_changes_no_byte(made, capsys):
    path, text, _ = made
    assert tool.main([str(path)]) == 0
    assert "unchanged" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == text
    assert tool.main(["--check", str(path)]) == 0


def test_check_names_what_would_change_and_changes_nothing(made, tmp_path, capsys):
    _, text, _ = made
    path = tmp_path / "91_stale.ipynb"
    stale = text.replace('"2"', '"3"')
    assert stale != text
    path.write_text(stale, encoding="utf-8")
    assert tool.main(["--check", str(path)]) == 1
    assert "91_stale.ipynb: would change" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == stale


def test_an_error_names_notebook_cell_and_exception(write_notebook, capsys):
    path = write_notebook("# Title", "x = 1", "x / 0", "print('never')")
    before = path.read_text(encoding="utf-8")
    assert tool.main([str(path)]) == 1
    said = capsys.readouterr().err
    assert "90_small.ipynb, cell 3 (x-0): ZeroDivisionError: division by zero" in said
    assert path.read_text(encoding="utf-8") == before


def test_the_line_that_failed_is_known(write_notebook):
    path = write_notebook("a = 1\nb = 0\na / b")
    with pytest.raises(tool.LessonError) as failed:
        tool.execute(nbformat.read(path, as_version=4), path)
    assert failed.value.line == "line 3: a / b"


def test_a_cell_without_end_is_named(write_notebook, capsys, monkeypatch):
    monkeypatch.setattr(tool, "SECONDS_A_CELL", 1)
    path = write_notebook("# Title", "import time\ntime.sleep(30)")
    assert tool.main([str(path)]) == 1
    assert "cell 2 (import-time-time-sleep-30): ran for more than 1 s" in capsys.readouterr().err


def test_it_runs_in_the_notebook_s_own_folder(write_notebook):
    path = write_notebook("open('beside.txt').read()")
    (path.parent / "beside.txt").write_text("found")
    assert tool.main([str(path)]) == 0
    assert "found" in path.read_text(encoding="utf-8")


def test_an_ignored_cell_keeps_its_numbers_and_no_more(write_notebook):
    source = "import time\nprint('took', time.perf_counter(), 'seconds')"
    path = write_notebook(source, tags=["nbval-ignore-output"])
    assert tool.main([str(path)]) == 0
    first = path.read_text(encoding="utf-8")
    assert tool.main([str(path)]) == 0
    assert path.read_text(encoding="utf-8") == first, "only numbers differ: keep them"

    path.write_text(first.replace("'seconds'", "'s'"), encoding="utf-8")
    assert tool.main([str(path)]) == 0
    assert "took" in path.read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8").count("seconds") == 0, "the words differ: renew"


def test_a_picture_and_sentences_about_the_numbers_are_kept_too(write_notebook):
    source = """import base64, secrets
from IPython.display import HTML
random = base64.b64encode(secrets.token_bytes(90)).decode()
said = "".join(f"<li>{'up' if n else 'down'} {random[n]}</li>" for n in range(secrets.randbelow(3)))
HTML(f'<img src="data:image/png;base64,{random}" alt="{len(random)} ms"><ul>{said}</ul>words')"""
    path = write_notebook(source, tags=["nbval-ignore-output"])
    assert tool.main([str(path)]) == 0
    first = path.read_text(encoding="utf-8")
    for _ in range(2):
        assert tool.main([str(path)]) == 0
        assert path.read_text(encoding="utf-8") == first
    path.write_text(first.replace("</ul>words", "</ul>other", 1), encoding="utf-8")
    assert tool.main([str(path)]) == 0
    assert "</ul>other" not in path.read_text(encoding="utf-8"), "other words around them: renew"


def test_of_a_progress_bar_only_the_last_state_is_stored(write_notebook):
    bar = (
        "print('start')\nfor n in range(4):\n    print(f'\\b\\r{n}/3', end='', flush=True)\nprint()"
    )
    path = write_notebook(bar)
    assert tool.main([str(path)]) == 0
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    assert output.text == "start\n3/3\n"


def test_a_bar_that_comes_on_slow_days_only_is_not_stored(write_notebook):
    source = "from tqdm.notebook import tqdm\nfor n in tqdm(range(3)):\n    print(n)"
    path = write_notebook(source, tags=["nbval-ignore-output"])
    assert tool.main([str(path)]) == 0
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    assert output.text == "0\n1\n2\n"


def test_without_the_tag_numbers_are_renewed(write_notebook):
    path = write_notebook("import time\nprint(time.perf_counter())")
    texts = set()
    for _ in range(2):
        assert tool.main([str(path)]) == 0
        texts.add(path.read_text(encoding="utf-8"))
    assert len(texts) == 2


def test_a_missing_notebook_is_named(capsys, tmp_path):
    with pytest.raises(SystemExit) as stopped:
        tool.main([str(tmp_path / "none.ipynb")])
    assert stopped.value.code == 2
    assert "none.ipynb" in capsys.readouterr().err


def test_folders_of_this_machine_are_not_stored(write_notebook):
    path = write_notebook("import sys, pathlib\nprint(sys.executable, pathlib.Path.home() / 'x')")
    assert tool.main([str(path)]) == 0
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    assert output.text.split()[0].startswith(".venv")
    assert output.text.split()[1] in ("~/x", "~\\x")
