"""What training needs around ``model.fit``: batches without end, and a bar that shows progress."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from kerasdemo._progress import progress_bar
from kerasdemo.augment import redraw
from kerasdemo.digits import Digits
from kerasdemo.handwriting.strokes import stroke_maps
from kerasdemo.handwriting.styles import draw_by_weight, rarity

Floats = npt.NDArray[np.float32]

__all__ = ["batches", "training_bar"]


def batches(
    train: Digits, batch_size: int, augment: bool, rng: np.random.Generator
) -> Iterator[tuple[Floats, npt.NDArray[np.int64]]]:
    """Give batches without end; an epoch is as many samples as there are, in a new order.

    With `augment`, they are redrawn, and samples written in a rare way come more often.
    """
    images = train.images
    maps = stroke_maps(images) if augment else None
    weights = rarity(images, train.labels) if augment else np.ones(len(train))
    while True:
        order = draw_by_weight(weights, rng)
        for start in range(0, len(train), batch_size):
            chosen = order[start : start + batch_size]
            batch = (
                images[chosen]
                if maps is None
                else redraw(maps[chosen], rng, labels=train.labels[chosen])
            )
            yield batch, train.labels[chosen]


def training_bar(keras: Any, epochs: int) -> Any:
    """Make a callback that shows a bar with loss and accuracy."""
    bar = progress_bar(epochs, desc="training", unit="epoch")

    def step(epoch: int, logs: dict[str, float]) -> None:
        bar.set_postfix(loss=f"{logs['loss']:.3f}", accuracy=f"{logs['accuracy']:.3f}")
        bar.update()

    def stop(logs: object = None) -> None:
        bar.close()

    return keras.callbacks.LambdaCallback(on_epoch_end=step, on_train_end=stop)
