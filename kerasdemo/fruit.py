"""A small table of fruit, written as a CSV file with the faults that such files have."""

from __future__ import annotations

import os
from collections.abc import Collection

import numpy as np

__all__ = ["write_fruit"]

HEADER = "name,length,weight,lemon"
NO_NUMBER = "heavy"  # what stands in the place of a number in a malformed line


def write_fruit(
    path: str | os.PathLike[str],
    *,
    rows: int = 240,
    missing: Collection[int] = (40,),
    malformed: Collection[int] = (70,),
    seed: int = 8,
) -> list[str]:
    r"""Write lengths and weights of invented lemons and plums into a CSV file.

    The columns are name (text), length (cm), weight (g, a whole number) and lemon (1 or 0); the
    first line names them.

    Introduced in lesson 08.

    Parameters
    ----------
    path : str or path
        The file. One that exists is written anew.
    rows : int
        How many fruit; each is a lemon or a plum by chance.
    missing : collection of int
        The rows, counted from 0, whose weight is empty; these are lemons.
    malformed : collection of int
        The rows whose weight is a word; these are plums.
    seed : int
        Decides every number.

    Returns
    -------
    list of str
        The lines of the file, the header first.

    Raises
    ------
    ValueError
        If a row that is missing or malformed is not there.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "fruit.csv")
    ...     lines = write_fruit(path, rows=3, missing=[1], malformed=[2])
    >>> print("\n".join(lines))
    name,length,weight,lemon
    fruit0,8.8,114,1
    fruit1,7.4,,1
    fruit2,4.7,heavy,0
    """
    if beyond := sorted(at for at in {*missing, *malformed} if not 0 <= at < rows):
        raise ValueError(f"There is no row {beyond[0]} among {rows}; they count from 0.")
    rng = np.random.default_rng(seed)
    lemon = rng.integers(0, 2, rows)
    lemon[list(missing)], lemon[list(malformed)] = 1, 0
    length = np.where(lemon, 80, 50) + rng.integers(-8, 9, rows)  # mm
    weight = np.where(lemon, 110, 60) + rng.integers(-15, 16, rows)
    lines = [HEADER]
    for at in range(rows):
        grams = "" if at in missing else NO_NUMBER if at in malformed else str(weight[at])
        lines.append(f"fruit{at},{length[at] / 10:.1f},{grams},{lemon[at]}")
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(lines) + "\n")
    return lines
