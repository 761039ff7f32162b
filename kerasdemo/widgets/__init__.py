"""Interactive views: choose samples, look into an image, read a softmax.

They are anywidgets, so they compose with ipywidgets (``HBox``, ``link``, ``observe``). Nothing here
loads TensorFlow or matplotlib.
"""

from kerasdemo.widgets.digit_view import DigitView
from kerasdemo.widgets.drawing_pad import DrawingPad
from kerasdemo.widgets.live_timings import LiveTimings
from kerasdemo.widgets.prediction_explorer import PredictionExplorer
from kerasdemo.widgets.sample_chooser import SampleChooser
from kerasdemo.widgets.softmax_view import SoftmaxView

__all__ = [
    "DigitView",
    "DrawingPad",
    "LiveTimings",
    "PredictionExplorer",
    "SampleChooser",
    "SoftmaxView",
]
