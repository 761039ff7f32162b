"""The three depths of Keras's one machine as one picture, with the parts that a method uses lit."""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from kerasdemo.view.card import card_png
from kerasdemo.view.drawing import Box, Line, Shape, Words, paint_png, write_svg
from kerasdemo.view.images import img_tag

__all__ = ["FlowDiagram", "flow_diagram"]

WIDTH, HEIGHT = 720, 272
MIDDLE, BELOW = 148, 246


class Part(NamedTuple):
    """A part of the machine: its box, and the lines of words in it."""

    left: float
    top: float
    width: float
    height: float
    words: tuple[str, ...]
    inner: bool = False  # other parts lie in it: its words stand at its top


PARTS = {
    "pipeline": Part(92, 112, 104, 72, ("data pipeline", "cuts batches")),
    "graph": Part(222, 66, 250, 164, ("compiled function (a graph)",), True),
    "step": Part(238, 94, 218, 122, ("predict_step", "(your Python)"), True),
    "layers": Part(276, 146, 142, 52, ("the layers", "model(x)")),
    "join": Part(498, 124, 64, 48, ("join",)),
    "numpy": Part(582, 124, 64, 48, ("NumPy",)),
    "loop": Part(222, 24, 250, 28, ("for each batch: callbacks, progress bar",)),
}
"""The parts, from what comes first to what comes last."""


class Way(NamedTuple):
    """How a method goes through the machine: the parts it uses, what goes in, what comes out."""

    parts: tuple[str, ...]
    given: tuple[str, ...]
    back: tuple[str, ...]
    words: str


WAYS = {
    "predict": Way(
        ("loop", "pipeline", "graph", "step", "layers", "join", "numpy"),
        ("all", "samples"),
        ("one", "array"),
        "predict uses every part: a data pipeline cuts batches; each goes through predict_step, "
        "compiled to a graph, and so through the layers; callbacks hear of each; the outputs are "
        "joined and turned into one NumPy array.",
    ),
    "predict_on_batch": Way(
        ("graph", "step", "layers", "numpy"),
        ("one", "batch"),
        ("one", "array"),
        "predict_on_batch gives one batch to predict_step, compiled to a graph, and turns the "
        "output into NumPy. No pipeline, no loop, no callbacks, nothing to join.",
    ),
    "predict_step": Way(
        ("step", "layers"),
        ("one", "batch"),
        ("one", "tensor"),
        "predict_step is the step itself: Python runs it as it is written, line by line, and hands "
        "back a tensor. No pipeline, no loop, no graph, nothing to join, no NumPy.",
    ),
    "call": Way(
        ("layers",),
        ("one", "batch"),
        ("one", "tensor"),
        "model(x) is the layers alone: Python runs them one by one and hands back a tensor. "
        "predict_step and all around it are not used.",
    ),
    "compiled": Way(
        ("graph", "layers"),
        ("one", "batch"),
        ("one", "tensor"),
        "A tf.function of your own around model(x) runs the layers as a graph and hands back a "
        "tensor. It does not pass through predict_step.",
    ),
}


@dataclass(frozen=True, repr=False)
class FlowDiagram:
    """The picture for one method: what `flow_diagram` returns. A notebook shows it.

    Attributes
    ----------
    method : str
        Which method's parts are lit.
    """

    method: str

    @property
    def alt(self) -> str:
        """The picture in words."""
        return WAYS[self.method].words

    @property
    def svg(self) -> str:
        """The picture as SVG, in the colours of the page that it is put in."""
        title = f"What {self.method} uses"
        return write_svg(
            _draw(self.method), width=WIDTH, height=HEIGHT, title=title, words=self.alt
        )

    @property
    def png(self) -> bytes:
        """The picture as PNG, 720 by 272 pixels, on white."""
        return paint_png(_draw(self.method), width=WIDTH, height=HEIGHT)

    def __repr__(self) -> str:
        return f"<What {self.method} uses: {self.alt}>"

    def _repr_html_(self) -> str:
        picture = img_tag(card_png(self.png), self.alt)
        return f"<div>{picture}<p>{html.escape(self.alt)}</p></div>"

    def _repr_png_(self) -> str:
        return base64.b64encode(card_png(self.png)).decode("ascii")


def flow_diagram(method: str = "predict") -> FlowDiagram:
    """Draw the three depths as one picture, with the parts that a method uses lit.

    Parts in use have a thick edge and a ground of their own; the others have a dashed edge.

    Parameters
    ----------
    method : str
        ``"predict"``, ``"predict_on_batch"``, ``"predict_step"``, ``"call"`` or ``"compiled"``.

    Returns
    -------
    FlowDiagram

    Raises
    ------
    ValueError
        For another name.

    Examples
    --------
    >>> flow_diagram("predict_step").alt[:56]
    'predict_step is the step itself: Python runs it as it is'

    Introduced in lesson 05.
    """
    if method not in WAYS:
        raise ValueError(f"There is no diagram of {method!r}. There are: {', '.join(WAYS)}.")
    return FlowDiagram(method)


def _draw(method: str) -> list[Shape]:
    """Lay out the parts and the way through them."""
    way = WAYS[method]
    shapes: list[Shape] = []
    for name, part in PARTS.items():
        box = Box(part.left, part.top, part.width, part.height, lit=name in way.parts)
        shapes.append(box)
    for name, part in PARTS.items():
        shapes += _words(part, lit=name in way.parts)
    shapes += _ends(way) + _way(way) + _round(lit="loop" in way.parts)
    return [*shapes, Words(8, 20, f"What {method} uses", bold=True)]


def _words(part: Part, *, lit: bool) -> list[Shape]:
    """Write a part's words in its middle, or at its top when other parts lie in it."""
    x = part.left + part.width / 2
    first = part.top + 18 if part.inner else part.top + part.height / 2 + 4
    first -= 0 if part.inner else 8 * (len(part.words) - 1)
    return [
        Words(x, first + 16 * line, text, anchor="middle", lit=lit, bold=lit and not line)
        for line, text in enumerate(part.words)
    ]


def _ends(way: Way) -> list[Shape]:
    """Write what goes in at the left and what comes back at the right."""
    shapes: list[Shape] = []
    for x, anchor, words in ((8, "start", way.given), (712, "end", way.back)):
        for line, text in enumerate(words):
            shapes.append(Words(x, MIDDLE - 4 + 16 * line, text, anchor=anchor, bold=True))
    return shapes


def _way(way: Way) -> list[Shape]:
    """Draw the arrows from part to part; they pass below what is left out."""
    outermost = next(PARTS[name] for name in ("graph", "step", "layers") if name in way.parts)
    stops = [PARTS[name] for name in PARTS if name in way.parts and name in ("join", "numpy")]
    before = [PARTS["pipeline"]] if "pipeline" in way.parts else []
    places = [(54.0, 54.0)]
    places += [(part.left, part.left + part.width) for part in [*before, outermost, *stops]]
    places.append((664.0, 664.0))
    columns = [(part.left, part.left + part.width) for part in _columns()]
    return [_arrow(start, end, columns) for (_, start), (end, _) in pairwise(places)]


def _round(*, lit: bool) -> list[Shape]:
    """Draw the way back from a finished batch to the next one."""
    pipeline, graph, loop = (PARTS[name] for name in ("pipeline", "graph", "loop"))
    across, right = loop.top + loop.height / 2, graph.left + graph.width
    middle, turn = pipeline.left + pipeline.width / 2, graph.top + 24
    out = ((right, turn), (right + 14, turn), (right + 14, across), (right, across))
    back = ((loop.left, across), (middle, across), (middle, pipeline.top))
    return [Line(out, head=True, lit=lit), Line(back, head=True, lit=lit)]


def _columns() -> list[Part]:
    return [PARTS[name] for name in ("pipeline", "join", "numpy")]


def _arrow(start: float, end: float, columns: list[tuple[float, float]]) -> Line:
    """Draw an arrow at half height, or round below the parts in its way."""
    if not any(start <= left and right <= end for left, right in columns):
        return Line(((start, MIDDLE), (end, MIDDLE)), head=True)
    down, up = start + 10, end - 12
    return Line(
        ((start, MIDDLE), (down, MIDDLE), (down, BELOW), (up, BELOW), (up, MIDDLE), (end, MIDDLE)),
        head=True,
    )
