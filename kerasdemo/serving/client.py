"""Ask a model that another process serves."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from kerasdemo.serving.channel import Line, open_line
from kerasdemo.serving.errors import Asked, RemoteError, explained
from kerasdemo.serving.facts import ModelStatus, RemoteMetadata
from kerasdemo.serving.given import (
    arrays_by_name,
    checked,
    checked_address,
    checked_batch_size,
    checked_name,
    checked_timeout,
    checked_version,
    cut,
)
from kerasdemo.serving.protocol import protocol
from kerasdemo.serving.replies import metadata_in, status_in
from kerasdemo.serving.tensors import array_of, message_of

__all__ = ["RemoteModel"]

Answers = TypeVar("Answers")
MODEL_TIME = re.compile(r"model;dur=([\d.]+)")


class RemoteModel:
    """A model on a server: `ClassroomServer`, or the real TensorFlow Serving.

    One channel is opened and kept for all requests; threads may share it. Each request has a
    deadline. A request that found no server, or lost it, is sent again (at most twice, within the
    deadline): asking a model twice changes nothing. Everything else is told at once. Introduced in
    lesson 11.

    Parameters
    ----------
    address : str
        ``"host:port"``. TensorFlow Serving's port for gRPC is 8500.
    name : str
        The model's name.
    version : int, optional
        The newest that the server has, at each request, by default.
    timeout : float
        Seconds that each request may take.

    Raises
    ------
    ValueError
        If `address`, `name`, `version` or `timeout` cannot be.
    ModuleNotFoundError
        If tensorflow-serving-api is not installed.

    Examples
    --------
    >>> import kerasdemo as kd
    >>> with kd.RemoteModel("127.0.0.1:9", timeout=2) as remote:
    ...     try:
    ...         remote.predict(kd.load_digits()[:1].images)
    ...     except kd.RemoteError as error:
    ...         print(error.code)
    UNAVAILABLE
    """

    def __init__(
        self,
        address: str,
        name: str = "digits",
        *,
        version: int | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.address = checked_address(address)
        self.name = checked_name(name)
        self.version = checked_version(version)
        self.timeout = checked_timeout(timeout)
        self._line: Line | None = open_line(self.address)
        self._metadata: RemoteMetadata | None = None
        self._last = threading.local()

    def predict(
        self,
        images: Any,
        *,
        batch_size: int = 32,
        timeout: float | None = None,
        output: str | None = None,
    ) -> Any:
        """Cut images into batches, send them one after the other, and join the answers in order.

        Parameters
        ----------
        images : numpy.ndarray, shape (n, ...)
            As the model takes them: nothing is cast, and nothing is changed. A dictionary of arrays
            for a model with several inputs.
        batch_size : int
            Images in a request.
        timeout : float, optional
            Seconds that each request may take.
        output : str, optional
            The name of the one output to ask for; all by default.

        Returns
        -------
        numpy.ndarray, or dict of str to numpy.ndarray
            The output; several by their names.

        Raises
        ------
        RemoteError
            If the images do not fit the model, or the server refuses or does not answer.
        ValueError
            If there are no images (nothing is sent), or `batch_size` is less than 1.
        """
        size = checked_batch_size(batch_size)
        batches = cut(self._checked(images, timeout), size)
        parts = [self._send(batch, timeout, output) for batch in batches]
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return _alone(joined)

    def predict_on_batch(
        self, images: Any, *, timeout: float | None = None, output: str | None = None
    ) -> Any:
        """Send `images` in one request, as one batch; `timeout`, `output`, errors as `predict`."""
        return _alone(self._send(self._checked(images, timeout), timeout, output))

    def metadata(self, *, timeout: float | None = None) -> RemoteMetadata:
        """Ask which inputs and outputs the model has; `timeout` as in `predict`."""
        request = protocol().metadata.GetModelMetadataRequest()
        self._address_to(request.model_spec)
        request.metadata_field.append("signature_def")
        answer, _ = self._call("metadata", request, timeout)
        found = self._metadata = metadata_in(answer, self.name)
        return found

    def status(self, *, timeout: float | None = None) -> ModelStatus:
        """Ask how all versions of the model stand, not only its own; `timeout` as in `predict`."""
        request = protocol().status.GetModelStatusRequest()
        request.model_spec.name = self.name
        answer, _ = self._call("status", request, timeout)
        return status_in(answer, self.name)

    @property
    def model_seconds(self) -> float | None:
        """How long the model itself ran for this thread's last answer.

        `ClassroomServer` tells it; None before the first answer, and for servers that do not.
        """
        seconds: float | None = getattr(self._last, "seconds", None)
        return seconds

    def close(self) -> None:
        """Close the channel. A closed client asks no more."""
        if self._line is not None:
            self._line.channel.close()
            self._line = None

    def __enter__(self) -> RemoteModel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        version = "newest version" if self.version is None else f"version {self.version}"
        closed = ", closed" if self._line is None else ""
        return f"RemoteModel {self.name!r} ({version}) at {self.address}{closed}"

    def _checked(self, images: Any, timeout: float | None) -> dict[str, Any]:
        """Return the inputs by name, if they fit; a model may have changed since it was asked."""
        known = self._metadata or self.metadata(timeout=timeout)
        try:
            return checked(arrays_by_name(images, known), known)
        except RemoteError:
            if self.version is not None or (new := self.metadata(timeout=timeout)) == known:
                raise
            return checked(arrays_by_name(images, new), new)

    def _send(self, inputs: Mapping[str, Any], timeout: float | None, output: str | None) -> Any:
        """Send one request, and return the outputs by name."""
        request = protocol().predict.PredictRequest()
        self._address_to(request.model_spec)
        for name, array in inputs.items():
            request.inputs[name].CopyFrom(message_of(array))
        if output is not None:
            request.output_filter.append(output)
        answer, call = self._call("predict", request, timeout)
        told = MODEL_TIME.search(str(dict(call.trailing_metadata() or ()).get("server-timing")))
        self._last.seconds = float(told.group(1)) / 1e3 if told else None
        known = self._metadata  # once: another thread may set it to None meanwhile
        if known and known.version != answer.model_spec.version.value:
            self._metadata = None  # a newer version answered: it may have other inputs
        return {name: array_of(answer.outputs[name]) for name in sorted(answer.outputs)}

    def _address_to(self, spec: Any) -> None:
        spec.name = self.name
        if self.version is not None:
            spec.version.value = self.version

    def _call(self, method: str, request: Any, timeout: float | None) -> tuple[Any, Any]:
        """Make a call with a deadline; what goes wrong comes out as a RemoteError."""
        if self._line is None:
            again = f"kd.RemoteModel({self.address!r}, {self.name!r})"
            raise RemoteError("CANCELLED", f"This client is closed. Make a new one: {again}")
        seconds = self.timeout if timeout is None else checked_timeout(timeout)
        try:
            result: tuple[Any, Any] = self._line.call(method, request, seconds)
        except protocol().grpc.RpcError as error:
            code, details = error.code().name, error.details() or ""
        else:
            return result
        known = self._available(seconds) if code == "NOT_FOUND" and method != "status" else None
        asked = Asked(self.address, self.name, self.version, seconds, known)
        raise explained(code, details, asked)

    def _available(self, seconds: float) -> tuple[int, ...] | None:
        """Return the versions there are; None if the server does not know the model."""
        try:
            return self.status(timeout=seconds).available
        except RemoteError:
            return None


def _alone(outputs: dict[str, Any]) -> Any:
    return next(iter(outputs.values())) if len(outputs) == 1 else outputs
