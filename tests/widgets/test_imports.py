"""The widgets appear without TensorFlow: it costs seconds, and this is what students see first."""

LOADED = "import sys; print([m for m in ('tensorflow', 'keras', 'matplotlib') if m in sys.modules])"


def test_the_widgets_load_neither_tensorflow_nor_matplotlib(in_fresh_python):
    assert in_fresh_python(f"import kerasdemo.widgets; {LOADED}") == "[]"


def test_a_widget_over_the_embedded_digits_is_made_and_shown_without_them(in_fresh_python):
    code = (
        "from kerasdemo.digits import load_digits; from kerasdemo.widgets import *;"
        "digits = load_digits(); [w._repr_mimebundle_() for w in"
        "(SampleChooser(digits), DigitView(digits), SoftmaxView([[0.5, 0.5]]))];"
    )
    assert in_fresh_python(code + LOADED) == "[]"
