"""A server for a classroom that speaks TensorFlow Serving's protocol."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

from kerasdemo.serving.facts import ModelStatus
from kerasdemo.serving.folders import versions
from kerasdemo.serving.handlers import Gate, Patience, handlers
from kerasdemo.serving.library import Library
from kerasdemo.serving.protocol import protocol
from kerasdemo.serving.savedmodel import FILE

__all__ = ["ClassroomServer"]

HOST = "127.0.0.1"
WAITING = 64  # requests that may wait for the model
PATIENCE = 10.0  # seconds that a call may take to send its message
GRACE = 30.0  # seconds that a request in flight may take once the server stops
MESSAGE = 4 * 1024 * 1024  # bytes, gRPC's own limit; about 1,300 of the kit's images
LARGEST = 2**31 - 1  # bytes; gRPC has an int for its limit


class ClassroomServer:
    """Serve the models of a folder on this machine, as TensorFlow Serving does over gRPC.

    It answers Predict and GetModelMetadata (PredictionService), GetModelStatus (ModelService) and
    the standard health check (grpc.health.v1, Check), on 127.0.0.1 alone. All versions are served;
    who names none gets the newest. New versions, and new models, are loaded while it runs; one that
    cannot be loaded takes nothing away and says why in the status. No TLS, no REST, no version
    labels: it is for a class, not for the internet. Introduced in lesson 11.

    Parameters
    ----------
    folder : str or path
        Holds models as FOLDER/NAME/VERSION, as :func:`export_model` writes them.
    port : int
        0 takes a free one; see `address`.
    workers : int, optional
        How many requests run the model at once; the number of cores, and 2 at least, by default.
        64 more may wait; who comes then is refused (RESOURCE_EXHAUSTED).
    max_message_bytes : int
        The largest request, and the largest tensor in one. It is the limit of a batch, too: none
        of its own is set.
    poll_seconds : float
        How often the folder is looked at.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such folder, it is one model's folder instead of that above it, or an option
        cannot be.
    ModuleNotFoundError
        If tensorflow-serving-api is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import kerasdemo as kd
    >>> digits = kd.load_digits()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = kd.export_model(kd.load_classifier(), folder)
    ...     with kd.ClassroomServer(folder) as server, kd.RemoteModel(server.address) as remote:
    ...         remote.predict(digits[[5, 38]].images).argmax(axis=1)
    array([5, 8])
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        port: int = 0,
        workers: int | None = None,
        max_message_bytes: int = MESSAGE,
        poll_seconds: float = 1.0,
    ) -> None:
        self.folder = _checked_folder(Path(folder))
        self.workers = _cores() if workers is None else workers
        if self.workers < 1 or max_message_bytes < 1 or not poll_seconds > 0:
            raise ValueError("workers, max_message_bytes and poll_seconds must be above 0.")
        if max_message_bytes > LARGEST:
            raise ValueError(
                f"max_message_bytes is {max_message_bytes:,}; it must be {LARGEST:,} at most."
            )
        if not 0 <= port <= 65535:
            raise ValueError(f"port is {port}; it must be from 0 (any free one) to 65535.")
        protocol()
        self.max_message_bytes = max_message_bytes
        self.poll_seconds = poll_seconds
        self._port = port
        self._library = Library(self.folder)
        self._server: Any = None
        self._threads: Any = None
        self._patience = Patience(PATIENCE)
        self._stopped = threading.Event()

    def start(self) -> ClassroomServer:
        """Load the models, then listen. ``with`` calls it.

        Raises
        ------
        OSError
            If the port is taken; the message says what to type.
        RuntimeError
            If it runs, or has run: a server starts once.
        """
        if self._server is not None:
            raise RuntimeError("This server has been started already; make a new one.")
        self._library.refresh()
        at_once = self.workers + WAITING
        threads = ThreadPoolExecutor(at_once, thread_name_prefix="kerasdemo-serving")
        server = protocol().grpc.server(
            threads,
            handlers=handlers(
                self._library,
                protocol(),
                gate=Gate(self.workers),
                patience=self._patience,
                most_bytes=self.max_message_bytes,
            ),
            options=(
                ("grpc.so_reuseport", 0),  # or two servers would share a port without a word
                ("grpc.max_receive_message_length", self.max_message_bytes),
                ("grpc.max_send_message_length", -1),
            ),
            maximum_concurrent_rpcs=at_once,
        )
        try:
            self._port = server.add_insecure_port(f"{HOST}:{self._port}")
        except RuntimeError:
            raise OSError(
                f"Port {self._port} of {HOST} is taken, perhaps by a server that runs already. "
                "Take another one; 0 stands for any that is free."
            ) from None
        self._server, self._threads = server, threads
        self._patience.start()
        server.start()
        self._library.watch(self.poll_seconds)
        return self

    def stop(self, grace: float = GRACE) -> None:
        """Refuse new requests (UNAVAILABLE), answer those in flight, and end.

        Parameters
        ----------
        grace : float
            Seconds that requests in flight may take; then they are cancelled.
        """
        if self._server is None or self._stopped.is_set():
            return
        self._server.stop(grace).wait()
        self._threads.shutdown(wait=False)
        self._patience.stop()
        self._library.close()
        self._stopped.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the server has stopped, at most so many `seconds`; say whether it has."""
        return self._stopped.wait(seconds)

    @property
    def address(self) -> str:
        """Where it listens: ``"127.0.0.1:PORT"``."""
        if self._server is None:
            raise RuntimeError("Not started yet. Type: with kd.ClassroomServer(folder) as server:")
        return f"{HOST}:{self._port}"

    @property
    def models(self) -> tuple[ModelStatus, ...]:
        """How each model stands, with its versions."""
        names = self._library.names()
        return tuple(ModelStatus(name, self._library.statuses(name)) for name in names)

    def __enter__(self) -> ClassroomServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        if self._server is None:
            return "ClassroomServer, not started"
        if self._stopped.is_set():
            return "ClassroomServer, stopped"
        served = [f"{m.name} {', '.join(map(str, m.available))}" for m in self.models]
        return f"ClassroomServer at {self.address}: {'; '.join(served) or 'no models yet'}"


def _checked_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise FileNotFoundError(
            f"There is no folder {folder}. Write a model into it first: "
            f"kd.export_model(model, {str(folder)!r})"
        )
    above = folder.resolve().parent
    if (folder / FILE).is_file():
        raise ValueError(
            f"{folder} is one version of a model. Give the folder of all models, two above it: "
            f"{str(above.parent)!r}"
        )
    if any((path / FILE).is_file() for path in versions(folder).values()):
        raise ValueError(
            f"{folder} is the folder of one model, with its versions. Give the folder of all "
            f"models, above it: {str(above)!r}"
        )
    return folder


def _cores() -> int:
    """Return how many cores this process may use, 2 at least."""
    if hasattr(os, "sched_getaffinity"):
        return max(2, len(os.sched_getaffinity(0)))
    return max(2, os.cpu_count() or 1)
