"""What the widgets share: one page module out of several scripts, and errors that are told."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from kerasdemo.widgets import DigitView
from kerasdemo.widgets._base import page_module, page_style


@pytest.fixture
def view(digits):
    return DigitView(digits)


# ---- the page's code ----------------------------------------------------------------------


def test_views_are_joined_and_the_last_one_is_offered():
    module = page_module("thumbnails", "choosing", "sample_chooser", "digit_view")
    assert re.findall(r"^export .*", module, flags=re.MULTILINE) == [
        "export default { render: renderDigitView };"
    ]
    for name in ("renderChooser", "renderDigitView"):
        assert module.count(f"function {name}(") == 1
    assert not re.search(r"^import\b", module, flags=re.MULTILINE)


def test_styles_are_joined_and_the_shared_one_comes_once():
    style = page_style("sample_chooser", "digit_view")
    assert (
        style.index(".kd-root {") < style.index(".kd-chooser {") < style.index(".kd-digit-view {")
    )
    assert style.count("\n.kd-root {") == page_style().count("\n.kd-root {")


# ---- errors -------------------------------------------------------------------------------


def fails(*_):
    raise LookupError("no such model\nand a second line")


def test_an_error_on_a_message_of_the_page_is_told_and_logged_and_cleared(view, caplog):
    heard = []
    view.on_msg(lambda widget, content, buffers: heard.append((widget, content, buffers)))
    view.on_msg(fails)
    view._handle_custom_msg({"go": 1}, [b"bytes"])
    assert view._error == "LookupError: no such model"
    assert "DigitView: error in a callback" in caplog.text
    assert "in fails" in caplog.text
    view.on_msg(fails, remove=True)
    view._handle_custom_msg({"go": 2}, [])
    assert view._error == ""
    assert heard == [(view, {"go": 1}, [b"bytes"]), (view, {"go": 2}, [])]


def test_one_failing_callback_keeps_neither_the_others_nor_its_error_back(view):
    heard = []
    view.on_msg(fails)
    view.on_msg(lambda *_: heard.append("second"))
    view._handle_custom_msg({}, [])
    assert heard == ["second"]
    assert view._error == "LookupError: no such model"


def test_a_callback_may_leave_while_the_others_are_called(view):
    heard = []

    def once(*_):
        view.on_msg(once, remove=True)
        heard.append("once")

    view.on_msg(once)
    view.on_msg(lambda *_: heard.append("always"))
    view._handle_custom_msg({}, [])
    view._handle_custom_msg({}, [])
    assert heard == ["once", "always", "always"]


def test_work_of_your_own_is_told_as_well(view):
    with view._told():
        fails()
    assert view._error == "LookupError: no such model"
    with view._told():
        raise AssertionError
    assert view._error == "AssertionError"
    with view._told():
        pass
    assert view._error == ""


def test_a_stop_is_no_error_to_be_swallowed(view):
    with pytest.raises(KeyboardInterrupt), view._told():
        raise KeyboardInterrupt


# ---- the still picture --------------------------------------------------------------------


def test_the_still_picture_lies_on_a_card_with_a_margin_and_an_edge(view):
    card = Image.open(io.BytesIO(base64.b64decode(view._repr_mimebundle_()[0]["image/png"])))
    grey = np.asarray(card.convert("L"))
    drawn = np.asarray(Image.open(io.BytesIO(view._picture())).convert("L"))
    edge, margin, picture = grey[0], grey[1:11, 1:-1], grey[11:-11, 11:-11]
    assert ((edge > 96) & (edge < 224)).all()
    assert (margin == 255).all()
    assert np.array_equal(picture, drawn)
