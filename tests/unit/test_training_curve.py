"""The stored training curve, the tool that made it, and curves of one's own."""

import ast
import importlib.util
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import kerasdemo as kd
from kerasdemo.curves import stored
from kerasdemo.view.curve_plot import FINE, curve_png, curve_words, plot_curve

ROOT = Path(__file__).resolve().parents[2]
LESSON = ROOT / "notebooks" / "02_train_save_load.ipynb"
SHORT = {"accuracy": [0.25, 0.5], "loss": [2.0, 1.0], "val_accuracy": [0.5, 0.75]}


@pytest.fixture(scope="module")
def maker():
    path = ROOT / "tools" / "make_training_curve.py"
    spec = importlib.util.spec_from_file_location("make_training_curve", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def calls():
    """The keyword arguments of the lesson's calls, by method: those of compile and fit."""
    cells = json.loads(LESSON.read_text(encoding="utf-8"))["cells"]
    (source,) = ("".join(c["source"]) for c in cells if c["id"] == "round-1-run")
    return {
        node.func.attr: {k.arg: ast.literal_eval(k.value) for k in node.keywords}
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


# ---------------------------------------------------------------- what is given


def test_arrays_and_a_curve_are_taken_like_lists():
    wanted = kd.training_curve(SHORT)
    joined = kd.training_curve({name: np.array(values) for name, values in SHORT.items()})
    again = kd.training_curve(wanted)
    for curve in (joined, again):
        assert curve.epochs == 2
        assert repr(curve) == repr(wanted)
        assert curve._repr_html_() == wanted._repr_html_()


@pytest.mark.parametrize(
    "history",
    [
        {"loss": [2, 1], "val_loss": np.array([1.5])},
        {"loss": np.zeros(0)},
        {"loss": np.zeros((2, 2))},
        {"loss": 2.0},
        {},
    ],
)
def test_a_history_that_is_none_is_refused(history):
    with pytest.raises(ValueError, match="expected one, above 0"):
        kd.training_curve(history)


# ---------------------------------------------------------------- what is stored


def test_the_stored_numbers_come_from_the_tools_settings(maker):
    assert stored()["recipe"] == maker.recipe(maker.EPOCHS)
    assert stored()["made_by"] == "tools/make_training_curve.py"
    assert set(stored()["made_with"]) == {"python", "numpy", "tensorflow", "keras"}


def test_the_lesson_trains_with_the_same_settings(maker, calls):
    assert calls["compile"] == maker.COMPILE
    assert {name: calls["fit"][name] for name in maker.FIT} == maker.FIT
    assert set(calls["fit"]) == {*maker.FIT, "epochs", "verbose"}
    assert calls["fit"]["epochs"] < maker.EPOCHS


def test_another_network_is_another_recipe(maker, tmp_path, monkeypatch):
    other = tmp_path / "other.ipynb"
    other.write_text(LESSON.read_text(encoding="utf-8").replace("Dropout(0.25", "Dropout(0.5"))
    before = maker.recipe(25)
    source = maker.building_code(other)
    monkeypatch.setattr(maker, "building_code", lambda: source)
    assert maker.recipe(25)["network"] != before["network"]


def test_there_are_25_epochs_of_four_measures():
    history = stored()["history"]
    assert set(history) == {"accuracy", "loss", "val_accuracy", "val_loss"}
    assert {len(values) for values in history.values()} == {25}
    for name, values in history.items():
        assert min(values) > 0
        assert (max(values) <= 1) == name.endswith("accuracy")


def test_the_curve_shows_what_the_lesson_says_of_it():
    curve = kd.training_curve().history
    assert curve["val_accuracy"][0] > curve["accuracy"][0] + 0.2
    assert (curve["accuracy"][5:] > curve["val_accuracy"][5:]).all()
    assert (curve["loss"][5:] < curve["val_loss"][5:]).all()
    assert curve["val_loss"][-5:].mean() < curve["val_loss"][5:10].mean()  # more epochs still help


@pytest.mark.long
def test_the_tool_makes_the_stored_numbers(maker, tmp_path, capsys):
    maker.main(["--epochs", "2", "--output", str(tmp_path / "two.json")])
    made = json.loads((tmp_path / "two.json").read_text(encoding="utf-8"))
    assert "2 epochs" in capsys.readouterr().out
    assert made["recipe"] == {**stored()["recipe"], "epochs": 2}
    for name, values in made["history"].items():
        np.testing.assert_allclose(values, stored()["history"][name][:2], atol=0.02)


# ---------------------------------------------------------------- a curve of one's own


def test_a_history_of_ones_own_is_taken_as_fit_returns_it():
    class History:
        history = SHORT

    for given in (History(), SHORT):
        curve = kd.training_curve(given)
        assert curve.epochs == 2
        assert curve.measures == {
            "accuracy": {"training": [0.25, 0.5], "validation": [0.5, 0.75]},
            "loss": {"training": [2.0, 1.0]},
        }


@pytest.mark.parametrize("wrong", [7, [1, 2], "loss"])
def test_something_else_is_refused_with_what_to_type(wrong):
    with pytest.raises(TypeError, match=r"history = model\.fit"):
        kd.training_curve(wrong)


@pytest.mark.parametrize("wrong", [{}, {"loss": []}, {"loss": [1.0], "accuracy": [1.0, 2.0]}])
def test_a_history_without_epochs_or_with_gaps_is_refused(wrong):
    with pytest.raises(ValueError, match="epochs"):
        kd.training_curve(wrong)


def test_the_text_has_the_first_epoch_and_the_last():
    text = repr(kd.training_curve())
    assert re.search(r"epoch 1 .*epoch 25", text)
    line = next(line for line in text.splitlines() if line.startswith("loss, validation"))
    history = stored()["history"]["val_loss"]
    assert line.split()[2] == f"{history[0]:.2f}"
    assert line.split()[-1] == f"{history[-1]:.2f}"
    assert max(map(len, text.splitlines())) <= 100
    assert "epoch 2" in repr(kd.training_curve(SHORT))


def test_the_picture_carries_its_words():
    page = kd.training_curve(SHORT)._repr_html_()
    (alt,) = re.findall(r'<img [^>]*alt="([^"]+)"', page)
    assert alt == (
        "2 charts over 2 epochs. Of accuracy, training goes from 0.25 to 0.50, "
        "validation goes from 0.50 to 0.75. Of loss, training goes from 2.00 to 1.00."
    )
    assert "accuracy, validation" in page


def test_the_words_know_one_epoch_and_one_chart():
    words = curve_words({"loss": {"training": [2.0]}})
    assert words == "A chart over 1 epoch. Of loss, training goes from 2.00 to 2.00."


# ---------------------------------------------------------------- the drawing


def test_each_line_is_drawn_where_its_numbers_are():
    from matplotlib.figure import Figure

    ax = kd.training_curve(SHORT).plot(ax=Figure().subplots())
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert lines["training"].get_ydata().tolist() == [0.25, 0.5]
    assert lines["validation"].get_ydata().tolist() == [0.5, 0.75]
    assert list(lines["training"].get_xdata()) == [1, 2]
    for look in ("get_color", "get_linestyle", "get_marker"):  # told apart without colour, too
        assert len({getattr(line, look)() for line in lines.values()}) == 2


def test_a_measure_that_is_not_there_names_those_that_are():
    with pytest.raises(ValueError, match="accuracy, loss"):
        kd.training_curve(SHORT).plot("error")


def contrast(one, other):
    """Return the contrast of two colours as WCAG 2 defines it."""

    def light(colour):
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return float(np.dot(parts, [0.2126, 0.7152, 0.0722]))

    low, high = sorted([light(one), light(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", [1.0, 0x11 / 255], ids=["light", "dark"])
def test_the_picture_can_be_read_on_this_page(page):
    picture = Image.open(io.BytesIO(curve_png(kd.training_curve(SHORT).measures)))
    assert picture.mode == "RGBA"
    pixels = np.asarray(picture) / 255
    assert pixels[0, 0, 3] == 0  # no ground of its own
    solid = pixels[pixels[..., 3] == 1][:, :3]
    colours, counts = np.unique(solid.round(3), axis=0, return_counts=True)
    for colour in colours[counts > 200]:
        assert contrast(colour, [page] * 3) >= 3, colour


def test_the_picture_is_twice_as_fine_as_shown():
    measures = kd.training_curve(SHORT).measures
    width, height = Image.open(io.BytesIO(curve_png(measures))).size
    page = kd.training_curve(SHORT)._repr_html_()
    assert f'width="{width // FINE}" height="{height // FINE}"' in page


def test_drawing_opens_no_figure_that_a_notebook_would_show_again():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    kd.training_curve(SHORT)._repr_html_()
    assert plt.get_fignums() == before
    ax = plot_curve({"training": [1.0, 2.0]}, label="loss")
    assert plt.get_fignums() != before
    plt.close(ax.figure)
