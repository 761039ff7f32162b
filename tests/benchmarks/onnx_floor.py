"""The classifier's weights in ONNX Runtime: what the processor can do without TensorFlow.

The graph is built here, layer by layer, from the Keras layers. Of the two ways that were tried this
is the sturdier: TensorFlow's converter to LiteRT needs an interpreter that TensorFlow itself has
announced to drop, and tf2onnx lags behind its releases. A layer that is not known here is an error;
a wrong graph is found by comparing probabilities.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

NEEDS = ("onnx", "onnxruntime")
HOW_TO_GET = 'not installed: type pip install -e ".[bench]"'
OPSET, IR = 17, 8  # old enough for every ONNX Runtime that pyproject.toml allows
ACTIVATIONS = {"relu": "Relu", "softmax": "Softmax", "linear": "Identity"}
TO_CHANNELS_FIRST, TO_CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]


def missing() -> list[str]:
    """List what has to be installed first."""
    return [name for name in NEEDS if importlib.util.find_spec(name) is None]


def session(model: Any, threads: int) -> Callable[[Any], Any]:
    """Return a function from images, float32 (n, ...), to the model's outputs by ONNX Runtime.

    Its threads do not spin while they wait, or they would slow down whatever is timed next.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    run = onnxruntime.InferenceSession(
        graph_of(model).SerializeToString(), options, providers=["CPUExecutionProvider"]
    ).run
    return lambda images: run(None, {"image": images})[0]


def graph_of(model: Any) -> Any:
    """Write a chain of Keras layers (channels last) as an ONNX model (channels first).

    Raises
    ------
    ValueError
        For a layer that is not known here.
    """
    import onnx

    helper = onnx.helper
    nodes = [helper.make_node("Transpose", ["image"], ["input"], perm=TO_CHANNELS_FIRST)]
    weights: list[Any] = []
    here = "input"
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in ("InputLayer", "Dropout"):  # dropout leaves a prediction as it is
            continue
        if kind not in WRITERS:
            raise ValueError(
                f"{layer.name} is a {kind}; known are {', '.join(WRITERS)}, InputLayer, Dropout"
            )
        nodes += WRITERS[kind](helper, layer, here)
        weights += own_weights(layer)
        here = layer.name
    shapes = {"image": model.input_shape, here: model.output_shape}
    image, output = (
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", *shape[1:]])
        for name, shape in shapes.items()
    )
    graph = helper.make_graph(nodes, model.name, [image], [output], weights)
    opset = helper.make_opsetid("", OPSET)
    written = helper.make_model(graph, opset_imports=[opset], ir_version=IR)
    onnx.checker.check_model(written)
    return written


def own_weights(layer: Any) -> list[Any]:
    """Return kernel and bias of a layer; a convolution's kernel as (filters, channels, h, w)."""
    from onnx import numpy_helper

    tensors = []
    for name, array in zip(("kernel", "bias"), layer.get_weights(), strict=False):
        if array.ndim == 4:
            array = array.transpose(3, 2, 0, 1)
        tensors.append(numpy_helper.from_array(np.ascontiguousarray(array), f"{layer.name}_{name}"))
    return tensors


def inputs(layer: Any, here: str) -> list[str]:
    """Name what a layer with weights works on."""
    return [here, f"{layer.name}_kernel", *([f"{layer.name}_bias"] if layer.use_bias else [])]


def activated(helper: Any, layer: Any, node: str, source: list[str], **options: Any) -> list[Any]:
    """Write a layer that ends with an activation."""
    before = f"{layer.name}_before"
    return [
        helper.make_node(node, source, [before], **options),
        helper.make_node(ACTIVATIONS[layer.activation.__name__], [before], [layer.name]),
    ]


def padding(layer: Any) -> str:
    """Translate Keras's words."""
    return {"valid": "VALID", "same": "SAME_UPPER"}[layer.padding]


def convolution(helper: Any, layer: Any, here: str) -> list[Any]:
    """Write a Conv2D."""
    options = {"strides": list(layer.strides), "auto_pad": padding(layer)}
    return activated(helper, layer, "Conv", inputs(layer, here), **options)


def pooling(helper: Any, layer: Any, here: str) -> list[Any]:
    """Write a MaxPooling2D."""
    options = {"kernel_shape": list(layer.pool_size), "strides": list(layer.strides)}
    return [helper.make_node("MaxPool", [here], [layer.name], auto_pad=padding(layer), **options)]


def flatten(helper: Any, layer: Any, here: str) -> list[Any]:
    """Write a Flatten, in Keras's order of the numbers."""
    turned = f"{layer.name}_turned"
    return [
        helper.make_node("Transpose", [here], [turned], perm=TO_CHANNELS_LAST),
        helper.make_node("Flatten", [turned], [layer.name]),
    ]


def dense(helper: Any, layer: Any, here: str) -> list[Any]:
    """Write a Dense."""
    return activated(helper, layer, "Gemm", inputs(layer, here))


WRITERS: dict[str, Callable[[Any, Any, str], list[Any]]] = {
    "Conv2D": convolution,
    "MaxPooling2D": pooling,
    "Flatten": flatten,
    "Dense": dense,
}
