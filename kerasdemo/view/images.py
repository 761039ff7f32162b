"""Pictures of digits as PNG bytes, and the HTML and the words that go with them.

Pure functions over arrays, drawn by Pillow: no matplotlib, no widget, no Keras. High values are
ink and are drawn dark on white paper. The same arguments give the same bytes.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from kerasdemo.view.grey import to_grey

__all__ = [
    "contact_sheet_png",
    "data_uri",
    "describe_digits",
    "digit_png",
    "img_tag",
    "stack_png",
]

PAPER = 255
GRID = 214
CAPTION = 40
CAPTION_HEIGHT = 14


def digit_png(
    pixels: npt.ArrayLike, *, scale: int = 8, limits: tuple[float, float] | None = None
) -> bytes:
    """Draw one digit, each value a crisp square of `scale` by `scale` pixels.

    Parameters
    ----------
    pixels : array_like, shape (height, width) or (height, width, 1)
        One image: integers 0..255 or floats 0..1, high values are ink.
    scale : int
        Screen pixels for each value.
    limits : tuple of float, optional
        The values drawn as paper and as ink; by default `grey_limits` of the image.

    Returns
    -------
    bytes
        A PNG file.

    Raises
    ------
    ValueError
        When the array is not one grey image.

    Examples
    --------
    >>> digit_png(np.zeros((28, 28), dtype="uint8"))[1:4]
    b'PNG'
    """
    grey = to_grey(pixels, limits=limits)
    if len(grey) != 1:
        raise ValueError(f"{len(grey)} images given; digit_png draws one. Try contact_sheet_png.")
    return contact_sheet_png(grey, columns=1, scale=scale)


def contact_sheet_png(
    pixels: npt.ArrayLike,
    *,
    columns: int = 12,
    scale: int = 2,
    captions: Sequence[str] | None = None,
    limits: tuple[float, float] | None = None,
) -> bytes:
    """Draw many digits in rows, with a thin line between them.

    Parameters
    ----------
    pixels : array_like, shape (n, height, width) or (n, height, width, 1)
        Integers 0..255 or floats 0..1, high values are ink.
    columns : int
        Digits in a row; fewer when there are fewer digits.
    scale : int
        Screen pixels for each value.
    captions : sequence of str, optional
        A short line under each digit; characters outside Latin-1 become "?".
    limits : tuple of float, optional
        The values drawn as paper and as ink; by default `grey_limits` of all the images.

    Returns
    -------
    bytes
        A PNG file; without digits, one sheet of blank paper.

    Raises
    ------
    ValueError
        When the array is not images, or the captions are not as many as the images.

    Examples
    --------
    >>> png = contact_sheet_png(np.zeros((5, 28, 28), dtype="uint8"), columns=3, scale=1)
    >>> Image.open(io.BytesIO(png)).size    # 3 x 28 + 4 lines, 2 x 28 + 3 lines
    (88, 59)
    """
    if columns < 1 or scale < 1:
        raise ValueError(f"columns is {columns} and scale is {scale}; expected 1 or more.")
    grey = to_grey(pixels, limits=limits)
    if captions is not None and len(captions) != len(grey):
        raise ValueError(f"{len(captions)} captions given for {len(grey)} images.")
    count, height, width = grey.shape
    columns = min(columns, max(count, 1))
    rows = max(-(-count // columns), 1)
    step_x = width * scale + 1
    step_y = height * scale + 1 + (CAPTION_HEIGHT if captions is not None else 0)
    sheet = np.full((rows * step_y + 1, columns * step_x + 1), GRID, dtype=np.uint8)
    sheet[1:, 1:][: rows * step_y, : columns * step_x] = PAPER
    sheet[::step_y, :] = GRID
    sheet[:, ::step_x] = GRID
    for place in range(count):
        top, left = place // columns * step_y + 1, place % columns * step_x + 1
        tile = (PAPER - grey[place]).repeat(scale, axis=0).repeat(scale, axis=1)
        sheet[top : top + height * scale, left : left + width * scale] = tile
    picture = Image.fromarray(sheet)
    if captions is not None:
        _write_captions(picture, captions, columns, (step_x, step_y), height * scale)
    return _to_png(picture)


def stack_png(*pictures: bytes, gap: int = 12) -> bytes:
    """Put grey pictures one under the other on white paper, with a gap between them.

    Examples
    --------
    >>> digit = digit_png(np.zeros((2, 2)), scale=1)    # 4 x 4
    >>> Image.open(io.BytesIO(stack_png(digit, digit, gap=3))).size
    (4, 11)
    """
    parts = [Image.open(io.BytesIO(picture)) for picture in pictures]
    height = sum(part.height + gap for part in parts) - gap
    sheet = Image.new("L", (max(part.width for part in parts), height), PAPER)
    top = 0
    for part in parts:
        sheet.paste(part, (0, top))
        top += part.height + gap
    return _to_png(sheet)


def data_uri(png: bytes) -> str:
    """Return PNG bytes as a ``data:`` address that a page can show without a file."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def img_tag(png: bytes, alt: str, *, fine: int = 1) -> str:
    """Return an HTML picture that carries its own bytes, its size and its words.

    Parameters
    ----------
    png : bytes
        A PNG file.
    alt : str
        What the picture shows, in words; escaped.
    fine : int
        Pixels of the file for each pixel on the page.

    Examples
    --------
    >>> img_tag(digit_png(np.zeros((2, 2)), scale=1), "a <blank> digit")[-51:]
    'alt="a &lt;blank&gt; digit" width="4" height="4" />'
    """
    width, height = Image.open(io.BytesIO(png)).size
    words = html.escape(alt, quote=True)
    size = f'width="{width // fine}" height="{height // fine}"'
    return f'<img src="{data_uri(png)}" alt="{words}" {size} />'


def describe_digits(labels: Sequence[Any] | npt.NDArray[Any], *, most: int = 24) -> str:
    """Say in words which digits a picture shows.

    Parameters
    ----------
    labels : sequence
        The label of each digit, in the order of the picture.
    most : int
        How many labels to spell out before "and ... more".

    Examples
    --------
    >>> describe_digits([8])
    'A handwritten digit, labelled 8.'
    >>> describe_digits([3, 8, 1, 1], most=3)
    '4 handwritten digits, labelled 3, 8, 1 and 1 more.'
    >>> describe_digits([])
    'No digits.'
    """
    count = len(labels)
    if count == 0:
        return "No digits."
    if count == 1:
        return f"A handwritten digit, labelled {labels[0]}."
    listed = ", ".join(str(label) for label in labels[:most])
    rest = f" and {count - most:,} more" if count > most else ""
    return f"{count:,} handwritten digits, labelled {listed}{rest}."


def _write_captions(
    picture: Image.Image,
    captions: Sequence[str],
    columns: int,
    step: tuple[int, int],
    below: int,
) -> None:
    """Write each caption, centred, under its digit."""
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default()
    for place, caption in enumerate(captions):
        words = caption.encode("latin-1", "replace").decode("latin-1")
        left = place % columns * step[0] + (step[0] - draw.textlength(words, font=font)) / 2
        top = place // columns * step[1] + below + 2
        draw.text((round(left), top), words, fill=CAPTION, font=font)


def _to_png(picture: Image.Image) -> bytes:
    """Encode without any metadata, so that equal pictures are equal bytes."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
