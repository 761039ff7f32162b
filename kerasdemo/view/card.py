"""A picture on a card: white paper with a margin and an edge, at home on a dark page too."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

__all__ = ["card_png"]

EDGE = "#b4bac1"


def card_png(png: bytes, *, margin: int = 10) -> bytes:
    """Return a picture with white paper around it, and a thin edge around that.

    Parameters
    ----------
    png : bytes
        A PNG file, drawn on white.
    margin : int
        Pixels of paper on each side.

    Returns
    -------
    bytes
        A PNG file, larger by the margin and one pixel on each side.

    Examples
    --------
    >>> from kerasdemo.view.images import digit_png
    >>> card = card_png(digit_png([[0.0, 1.0], [1.0, 0.0]], scale=1), margin=3)
    >>> Image.open(io.BytesIO(card)).size    # 2 pixels and 2 lines, 2 x 3 of margin, 2 of edge
    (12, 12)
    """
    picture = ImageOps.expand(Image.open(io.BytesIO(png)), margin, fill="white")
    buffer = io.BytesIO()
    ImageOps.expand(picture, 1, fill=EDGE).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
