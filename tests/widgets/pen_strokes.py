"""Digits as a hand draws them on the pad: a few common forms of each, written anew each time.

A form is a list of strokes in a box of 1 by 1, y down. `written` slants, turns, stretches and
wobbles it and puts it somewhere on the sheet, as points that follow each other as a mouse's do.
"""

import numpy as np

from kerasdemo.handwriting.pen import SHEET


def arc(x, y, across, down, start, end):
    """Points of an ellipse's arc; degrees, 0 is right and 90 is down."""
    at = np.radians(np.linspace(start, end, 24))
    return np.stack([x + across * np.cos(at), y + down * np.sin(at)], axis=1)


def path(*parts):
    """Join corners [x, y] and arcs into one stroke."""
    return np.concatenate([np.atleast_2d(np.asarray(part, dtype=float)) for part in parts])


FORMS = {
    0: [
        [arc(0.5, 0.5, 0.36, 0.5, -90, -450)],
        [arc(0.5, 0.5, 0.3, 0.5, -60, -430)],
    ],
    1: [
        [path([0.5, 0], [0.5, 1])],
        [path([0.3, 0.22], [0.55, 0], [0.55, 1])],
        [path([0.3, 0.22], [0.52, 0], [0.52, 1]), path([0.25, 1], [0.78, 1])],
    ],
    2: [
        [path(arc(0.48, 0.28, 0.34, 0.28, -170, 30), [0.15, 1], [0.88, 1])],
        [path(arc(0.48, 0.27, 0.33, 0.27, -160, 40), [0.25, 0.9], [0.2, 0.97],
              [0.5, 0.95], [0.9, 1])],
    ],
    3: [
        [path(arc(0.45, 0.25, 0.33, 0.25, -160, 90), arc(0.45, 0.74, 0.38, 0.26, -90, 150))],
        [path([0.15, 0.02], [0.8, 0.02], [0.45, 0.4], arc(0.42, 0.7, 0.38, 0.3, -80, 145))],
    ],
    4: [
        [path([0.4, 0], [0.1, 0.6], [0.9, 0.6]), path([0.68, 0.25], [0.68, 1])],
        [path([0.15, 0.02], [0.15, 0.5], [0.8, 0.5]), path([0.75, 0], [0.75, 1])],
        [path([0.65, 1], [0.65, 0], [0.1, 0.68], [0.92, 0.68])],
    ],
    5: [
        [path([0.28, 0.02], [0.24, 0.45], arc(0.46, 0.68, 0.36, 0.31, -120, 140)),
         path([0.28, 0.02], [0.82, 0.02])],
        [path([0.8, 0.02], [0.3, 0.02], [0.24, 0.45], arc(0.45, 0.68, 0.36, 0.31, -120, 150))],
    ],
    6: [
        [path(arc(0.78, 0.7, 0.6, 0.68, -95, -180), arc(0.5, 0.72, 0.32, 0.28, -180, -530))],
        [path([0.6, 0], [0.3, 0.45], arc(0.5, 0.72, 0.31, 0.27, -200, -540))],
    ],
    7: [
        [path([0.12, 0.02], [0.86, 0.02], [0.4, 1])],
        [path([0.12, 0.02], [0.86, 0.02], [0.4, 1]), path([0.3, 0.5], [0.82, 0.5])],
        [path([0.15, 0.06], arc(0.5, 0.3, 0.36, 0.28, -80, 0), [0.45, 1])],
    ],
    8: [
        [path(arc(0.5, 0.25, 0.28, 0.25, -30, -270), arc(0.5, 0.75, 0.33, 0.25, -90, 270),
              arc(0.5, 0.25, 0.28, 0.25, 90, -30))],
        [arc(0.5, 0.25, 0.27, 0.25, -90, 270), arc(0.5, 0.74, 0.33, 0.26, -90, 270)],
    ],
    9: [
        [path(arc(0.48, 0.28, 0.3, 0.28, -20, -370), [0.7, 1])],
        [path(arc(0.48, 0.28, 0.3, 0.28, -20, -380), arc(0.35, 0.65, 0.43, 0.35, -20, 100))],
    ],
}  # fmt: skip


def written(label, rng, *, width=36, form=None):
    """Write a digit by one of its forms, chosen by `rng` like everything else."""
    forms = FORMS[label]
    strokes = forms[rng.integers(len(forms)) if form is None else form]
    height = SHEET * rng.uniform(0.45, 0.85)
    slant, turn = np.clip(rng.normal([0.08, 0], [0.18, 0.08]), -0.5, 0.5)
    wide = height * np.clip(rng.normal(0.72, 0.12), 0.4, 1)
    hand = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    hand = hand @ np.array([[1, -slant], [0, 1]]) @ np.diag([wide, height])
    waves = (
        rng.normal(0, 0.012 * height, (2, 4)),
        rng.uniform(1, 5, (2, 4)),
        rng.uniform(0, 6, (2, 4)),
    )
    drawn = [_wobbly((_dense(stroke) - 0.5) @ hand.T, height, waves) for stroke in strokes]
    middle = SHEET / 2 + rng.uniform(-1, 1, 2) * (SHEET - height) * 0.3
    thick = {"width": width}
    return [{**thick, "points": (points + middle).round(1).tolist()} for points in drawn]


def _dense(stroke, step=0.02):
    """Points about `step` apart along a stroke, with its corners cut a little, as hands do."""
    lengths = np.hypot(*np.diff(stroke, axis=0).T)
    along = np.concatenate([[0], np.cumsum(lengths)])
    at = np.linspace(0, along[-1], max(2, int(along[-1] / step)))
    dense = np.stack([np.interp(at, along, stroke[:, axis]) for axis in (0, 1)], axis=1)
    wide = np.pad(dense, ((1, 1), (0, 0)), mode="edge")
    return (wide[:-2] + 2 * wide[1:-1] + wide[2:]) / 4


def _wobbly(points, height, waves):
    """Bend a stroke by a few slow waves, the same for every stroke of a digit."""
    strength, speed, phase = waves
    moved = points.copy()
    for axis in (0, 1):
        other = points[:, 1 - axis, None] / height
        moved[:, axis] += (strength[axis] * np.sin(speed[axis] * other * 3 + phase[axis])).sum(
            axis=1
        )
    return moved
