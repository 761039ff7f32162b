"""What went wrong with a request, in a student's words, with gRPC's status code kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Asked", "RemoteError", "explained"]

TOO_LARGE = re.compile(r"larger than max \(?(\d+) vs\.? (\d+)")
REST = "8501"  # TensorFlow Serving's port for REST; 8500 is that for gRPC


class RemoteError(RuntimeError):
    """A server did not answer a request, or refused it: what `RemoteModel` raises.

    Introduced in lesson 11.

    Attributes
    ----------
    code : str
        The name of gRPC's status code, such as ``"NOT_FOUND"``. What `RemoteModel` sees before it
        sends anything has the code that the server would give.
    details : str
        What the server or gRPC said; "" if nothing was sent.
    """

    def __init__(self, code: str, message: str, details: str = "") -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.details = details


@dataclass(frozen=True)
class Asked:
    """What a request asked for."""

    address: str
    name: str
    version: int | None
    timeout: float
    available: tuple[int, ...] | None = None  # versions that the server has; None if not known


def explained(code: str, details: str, asked: Asked) -> RemoteError:
    """Say what a status code means here, and what to type."""
    words = {
        "UNAVAILABLE": _unavailable,
        "NOT_FOUND": _not_found,
        "DEADLINE_EXCEEDED": _late,
        "RESOURCE_EXHAUSTED": _too_much,
        "UNIMPLEMENTED": _other_service,
        "CANCELLED": _cancelled,
    }.get(code, _said)
    return RemoteError(code, words(details, asked), details)


def _unavailable(details: str, asked: Asked) -> str:
    if "http1" in details.lower() or asked.address.endswith(f":{REST}"):
        return (
            f"What listens at {asked.address} does not speak gRPC. TensorFlow Serving has two "
            f"ports: 8500 for gRPC, {REST} for REST."
        )
    if "resol" in details.lower() and "refused" not in details.lower():
        machine = asked.address.rpartition(":")[0]
        return f"There is no machine called {machine!r}. Is it spelt right?"
    if "refused" in details.lower() or "connect" in details.lower():
        return (
            f"Nobody listens at {asked.address}. Is the server running, and is the port right? "
            "In a terminal: python -m kerasdemo serve"
        )
    return (
        f"The server at {asked.address} went away before it answered: it is going down, or it was "
        "ended. Start it again and ask again; nothing is lost by asking twice."
    )


def _not_found(details: str, asked: Asked) -> str:
    if asked.available and asked.version is None:
        return f"The model {asked.name!r} was not loaded yet on {asked.address}. Ask again."
    if asked.available:
        versions = ", ".join(map(str, asked.available))
        return (
            f"The model {asked.name!r} has no version {asked.version} on {asked.address}; it has "
            f"{versions}. Leave version out for the newest."
        )
    if asked.available is not None:
        return (
            f"The server at {asked.address} serves no version of the model {asked.name!r} now. "
            "remote.status() says how each of them stands."
        )
    said = f" It says: {details}." if details else ""
    return f"The server at {asked.address} has no model {asked.name!r}.{said}"


def _late(details: str, asked: Asked) -> str:
    return (
        f"No answer from {asked.address} within {asked.timeout:g} s. Give it more time, "
        f"timeout={_more(asked.timeout):g}, or smaller batches: "
        "remote.predict(images, batch_size=8)."
    )


def _more(timeout: float) -> float:
    return max(10.0, 3 * timeout)


def _too_much(details: str, asked: Asked) -> str:
    if found := TOO_LARGE.search(details):
        sent, most = (int(number) / 1e6 for number in found.groups())
        return (
            f"The request is {sent:.2f} MB, and the server takes {most:.2f} MB at most. Send less "
            "at once: remote.predict(images, batch_size=32) cuts it for you. If that is still too "
            "much, lower the number."
        )
    if "concurrent" in details.lower():
        return (
            f"The server at {asked.address} has too many requests at once. Ask again in a moment."
        )
    return f"The request asks too much of the server at {asked.address}: {details}."


def _other_service(details: str, asked: Asked) -> str:
    return f"What listens at {asked.address} speaks gRPC, but it is no server of models: {details}."


def _cancelled(details: str, asked: Asked) -> str:
    return f"The request to {asked.address} was cancelled before its answer: {details}."


def _said(details: str, asked: Asked) -> str:
    return f"The server at {asked.address} refused the request: {details or 'it says no more'}."
