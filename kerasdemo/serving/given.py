"""What a student gives to a remote model, looked at before it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kerasdemo.serving.errors import RemoteError
from kerasdemo.serving.facts import RemoteMetadata, TensorFacts, mismatch

__all__ = [
    "arrays_by_name",
    "checked",
    "checked_address",
    "checked_batch_size",
    "checked_name",
    "checked_timeout",
    "checked_version",
    "cut",
]

LONGEST = 1e9  # seconds, 31 years; gRPC counts nanoseconds in 64 bits, and more comes out as none
NEWEST = 2**63 - 1  # a version is an int64


def arrays_by_name(images: Any, known: RemoteMetadata) -> dict[str, Any]:
    """Return the arrays by the names of the model's inputs; nothing is cast."""
    names = list(known.inputs)
    if not isinstance(images, Mapping):
        if len(names) != 1:
            listed = ", ".join(map(repr, names))
            _refuse(f"The model takes {len(names)} inputs; give a dictionary with {listed}.")
        images = {names[0]: images}
    if set(images) != set(names):
        given, wanted = (", ".join(sorted(map(repr, side))) or "none" for side in (images, names))
        _refuse(f"The inputs given are {given}; the model takes {wanted}.")
    return {name: _array(name, images[name]) for name in names}


def _array(name: str, values: Any) -> Any:
    try:
        array = np.asarray(values)
    except ValueError as error:  # a list of rows that differ in length
        _refuse(f"The input {name!r} cannot be one array: {error}.")
    if array.dtype.kind == "O" and not all(isinstance(v, (str, bytes)) for v in array.flat):
        _refuse(
            f"The input {name!r} has dtype object: it holds no plain numbers. "
            'Type images.astype("float32"); if that fails, the images differ in shape.'
        )
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def checked(arrays: dict[str, Any], known: RemoteMetadata) -> dict[str, Any]:
    """Return the arrays if they fit the model's inputs.

    Raises
    ------
    RemoteError
        INVALID_ARGUMENT, as the server would say, with what to type.
    ValueError
        If there are no samples. A server would pass them to the model, and what comes then depends
        on its layers.
    """
    for name, array in arrays.items():
        facts = known.inputs[name]
        dtype = "string" if array.dtype.kind in "OSU" else array.dtype.name
        if wrong := mismatch(facts, dtype, array.shape):
            mend = _cast(array, facts) if dtype != facts.dtype else _reshape(array, facts)
            _refuse(f"The input {name!r} has {wrong}. {mend}".rstrip())
    counts = {name: array.shape[:1] for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name}: {count[0] if count else 1}" for name, count in counts.items())
        _refuse(f"The inputs hold different numbers of samples: {told}.")
    if (0,) in counts.values():
        raise ValueError("images holds no samples (0 rows); there is nothing to predict.")
    return arrays


def _cast(array: Any, facts: TensorFacts) -> str:
    if facts.dtype == "string" or array.dtype.kind not in "fiub":
        return ""
    if array.dtype == np.uint8 and facts.dtype.startswith("float"):
        return (
            f'A server casts nothing: np.asarray(images, "{facts.dtype}"), and if the model was '
            f'trained on 0 to 1, np.asarray(images, "{facts.dtype}") / 255.'
        )
    return f'A server casts nothing: np.asarray(images, "{facts.dtype}").'


def _reshape(array: Any, facts: TensorFacts) -> str:
    got, sample = array.shape, (facts.shape or ())[1:]
    if got == sample:
        return "For one image: image[None]."
    if sample[-1:] == (1,) and got == sample[:-1]:
        return "For one image: image[None, ..., None]."
    if sample[-1:] == (1,) and got[1:] == sample[:-1]:
        return "The channel axis is missing: images[..., None]."
    if len(got) == len(sample) + 1:
        return "The images have another size than the model was built for: resize them."
    return "Reshape them, batch axis first."


def cut(arrays: Mapping[str, Any], batch_size: int) -> Iterator[dict[str, Any]]:
    """Cut samples into consecutive batches; the last may be smaller."""
    for start in range(0, len(next(iter(arrays.values()))), batch_size):
        yield {name: array[start : start + batch_size] for name, array in arrays.items()}


def checked_batch_size(batch_size: int) -> int:
    """Return a batch size, or raise ``ValueError`` if it is none."""
    whole = isinstance(batch_size, (int, np.integer)) and not isinstance(batch_size, bool)
    if not whole or batch_size < 1:
        raise ValueError(
            f"batch_size is {batch_size!r}; it must be a whole number from 1, such as 32."
        )
    return int(batch_size)


def checked_address(address: str) -> str:
    """Return an address, or raise ``ValueError`` if it is not ``host:port``."""
    if "://" in str(address):
        bare = str(address).split("://", 1)[1].split("/")[0]
        raise ValueError(f"address is {address!r}; gRPC needs no such start. Type {bare!r}.")
    host, _, port = str(address).rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= 65535:
        raise ValueError(f"address is {address!r}; it must be 'host:port', such as 127.0.0.1:8500.")
    return str(address)


def checked_name(name: str) -> str:
    """Return a model's name, or raise ``ValueError`` if it is none."""
    if not isinstance(name, str) or not name:
        raise ValueError(f"name is {name!r}; it must be a model's name, such as 'digits'.")
    return name


def checked_version(version: int | None) -> int | None:
    """Return a version, or raise ``ValueError`` if it is none; None stands for the newest."""
    if version is None:
        return None
    whole = isinstance(version, (int, np.integer)) and not isinstance(version, bool)
    if not whole or not 0 <= version <= NEWEST:
        raise ValueError(
            f"version is {version!r}; it must be a whole number, such as 1, or None for the newest."
        )
    return int(version)


def checked_timeout(timeout: float) -> float:
    """Return seconds, or raise ``ValueError`` if they are no deadline."""
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float, np.number)):
        raise ValueError(f"timeout is {timeout!r}; it must be a number of seconds.")
    if not 0 < timeout <= LONGEST:
        raise ValueError(
            f"timeout is {timeout}; a request needs a deadline in seconds, above 0 and "
            f"{LONGEST:g} at most."
        )
    return float(timeout)


def _refuse(words: str) -> None:
    raise RemoteError("INVALID_ARGUMENT", words)
