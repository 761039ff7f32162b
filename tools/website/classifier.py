"""The shipped classifier as one script, so that a page can read what somebody draws."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from kerasdemo.widgets._base import page_module
from website.lessons import SiteError

SCRIPT = Path(__file__).resolve().parent / "assets" / "classifier.js"


def classifier_script(model: Any) -> str:
    """Return a script that defines ``kerasdemoReader``: strokes in, ten probabilities out.

    Parameters
    ----------
    model : keras.Model
        Convolutions without padding, max-pooling, flatten, dense; dropout does nothing here. The
        weights are written in half precision.

    Raises
    ------
    SiteError
        When the model holds a layer that the script cannot compute.
    """
    layers, weights = describe_layers(model)
    halves = weights.astype("<f2")
    if not np.isfinite(halves).all():
        raise SiteError("A weight of the classifier is too large for half precision.")
    text = base64.b64encode(halves.tobytes()).decode("ascii")
    return "\n".join(
        [
            "self.kerasdemoReader = (() => {",
            page_module("framing"),  # frameDigit, drawStrokes, describeSoftmax: the widgets' own
            SCRIPT.read_text(encoding="utf-8"),
            f"const LAYERS = {json.dumps(layers)};",
            f'const BYTES = Uint8Array.from(atob("{text}"), (sign) => sign.charCodeAt(0));',
            "const WEIGHTS = fromHalves(new Uint16Array(BYTES.buffer));",
            "return {",
            "  classify: (image) => classify(image, LAYERS, WEIGHTS),",
            "  read: (strokes) => classify(frameDigit(drawStrokes(strokes)), LAYERS, WEIGHTS),",
            "  describe: describeSoftmax,",
            "};",
            "})();",
            "",
        ]
    )


def describe_layers(model: Any) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Return what each layer computes, and all weights in their order as one float32 array.

    Raises
    ------
    SiteError
        When there is a layer, or an option of one, that the script does not know.
    """
    layers: list[dict[str, Any]] = []
    weights: list[np.ndarray] = []
    for layer in model.layers:
        kind, options = type(layer).__name__, layer.get_config()
        wanted = {"Conv2D": _CONVOLUTION, "MaxPooling2D": _POOLING, "Dense": _DENSE}.get(kind)
        if wanted is None and kind in ("InputLayer", "Dropout", "Flatten"):
            continue  # dropout is for training; images lie in memory as Flatten reads them
        odd = {
            name: options[name] for name, value in (wanted or {}).items() if options[name] != value
        }
        if wanted is None or odd:
            raise SiteError(
                f"The site cannot compute {kind} {layer.name} {odd or ''}".rstrip() + "."
            )
        if kind == "MaxPooling2D":
            layers.append({"kind": "pool", "size": 2})
            continue
        kernel, bias = layer.get_weights()
        name = "convolve" if kind == "Conv2D" else "multiply"
        layers.append(
            {"kind": name, "shape": list(kernel.shape), "activation": options["activation"]}
        )
        weights += [kernel.ravel(), bias.ravel()]
    return layers, np.concatenate(weights).astype(np.float32)


_CONVOLUTION = {
    "strides": (1, 1),
    "padding": "valid",
    "data_format": "channels_last",
    "dilation_rate": (1, 1),
    "groups": 1,
    "use_bias": True,
}
_POOLING = {
    "pool_size": (2, 2),
    "strides": (2, 2),
    "padding": "valid",
    "data_format": "channels_last",
}
_DENSE = {"use_bias": True}
