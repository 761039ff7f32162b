"""Download one file whose length and SHA-256 are known: resumable, checked, never half there.

An interrupted download is resumed with ``Range``. Since the SHA-256 decides, it may be resumed
from another mirror than it began at; within one run, ``If-Range`` guards against a file that
changes on the server.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from kerasdemo._progress import progress_bar
from kerasdemo.sources.files import (
    check_space,
    file_length,
    put_in_place,
    resumable_file,
    writing_to,
)

__all__ = ["download", "sha256_of"]

TIMEOUT = 30.0  # seconds without a single byte
TRIES = 4  # in a row without getting on, for each address
PAUSE = 1.0  # seconds before the second try; twice as long before each further one
CHUNK = 1 << 16
GOT_ON = 1 << 20  # bytes that make a try count as a success
PASSING = (408, 425, 429, 500, 502, 503, 504)  # answers that may be different in a moment


class _Refused(Exception):
    """No use to ask this address again."""


class _TryAgain(Exception):
    """Worth another try."""


class _OutOfReach(_TryAgain):
    """The server was not reached: worth another try only if it has been reached before."""


class _WouldNotResume(_TryAgain):
    """Worth another try from the first byte."""


@dataclass
class _File:
    """The file to download, from one address."""

    url: str
    sha256: str
    size: int
    unfinished: Path
    bar: Any
    etag: str | None = None

    @property
    def have(self) -> int:
        return file_length(self.unfinished)


def download(
    urls: Sequence[str], path: Path, *, sha256: str, size: int, progress: bool = True
) -> Path:
    """Download a file from the first address that gives it.

    Parameters
    ----------
    urls : sequence of str
        Addresses of the same file, tried in this order.
    path : pathlib.Path
        Where it goes; its folder is made.
    sha256 : str
        The SHA-256 of the file, in hexadecimal.
    size : int
        Its length in bytes.
    progress : bool
        Show a progress bar.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ConnectionError
        When no address gave the right file; the message has a reason for each.
    OSError
        When the folder cannot be written or the disk is full.
    """
    with writing_to(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        check_space(path.parent, size)
    with resumable_file(path) as unfinished:
        reasons = []
        for url in urls:
            try:
                with _progress_bar(path.name, size, progress) as bar:
                    _fetch(_File(url, sha256, size, unfinished, bar))
            except _Refused as refused:
                reasons.append(f"{url}: {refused}")
                continue
            with writing_to(path.parent):
                put_in_place(unfinished, path)
            return path
    raise ConnectionError(f"{path.name} could not be downloaded ({'; '.join(reasons)})")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _fetch(file: _File) -> None:
    """Complete the unfinished file, asking as often as it is worth it, and check it."""
    may_restart, began_with = True, file.have
    tries, pause = TRIES, PAUSE
    while True:
        before = file.have
        failure = _ask(file, reached=before > began_with) if before != file.size else ""
        if file.have == file.size:
            if sha256_of(file.unfinished) == file.sha256:
                return
            file.unfinished.unlink()
            if not (before and may_restart):
                raise _Refused("it sent another file: the SHA-256 differs")
            may_restart = False  # older bytes were to blame, or the file changed between two tries
            continue
        if file.have - before >= GOT_ON:
            tries, pause = TRIES, PAUSE
        tries -= 1
        if tries == 0:
            raise _Refused(failure)
        time.sleep(pause)
        pause *= 2


def _ask(file: _File, *, reached: bool) -> str:
    """Ask once for what is missing; return what went wrong if it is worth another try."""
    try:
        _receive(file)
    except _WouldNotResume as failure:
        file.unfinished.unlink(missing_ok=True)
        return str(failure)
    except _OutOfReach as failure:
        if not reached:
            raise _Refused(str(failure)) from failure
        return str(failure)
    except _TryAgain as failure:
        return str(failure)
    return f"the connection was cut after {file.have:,} of {file.size:,} bytes"


def _receive(file: _File) -> None:
    """Send one request, from where the unfinished file ends, and write what comes."""
    have = file.have
    headers = {"User-Agent": "kerasdemo", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if file.etag:
            headers["If-Range"] = file.etag
    with _network():
        request = urllib.request.Request(file.url, headers=headers)
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    with response:
        done = _check_answer(file, response, have)
        tag = response.headers.get("ETag")
        file.etag = tag if tag and not tag.startswith("W/") else None
        with writing_to(file.unfinished.parent):
            stream = file.unfinished.open("ab" if done else "wb")
        file.bar.n = done
        with stream:
            while chunk := _read(response):
                done += len(chunk)
                if done > file.size:
                    stream.truncate(0)
                    raise _Refused(f"it sends more than the {file.size:,} bytes of the file")
                with writing_to(file.unfinished.parent):
                    stream.write(chunk)
                    stream.flush()
                file.bar.update(len(chunk))


def _check_answer(file: _File, response: Any, have: int) -> int:
    """Return where the bytes that come belong; refuse what cannot be the file."""
    if file.url.startswith("https:") and not response.geturl().startswith("https:"):
        raise _Refused(f"it led away from https, to {response.geturl()}")
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        said = response.headers.get("Content-Range", "")
        span = f"bytes {have}-{file.size - 1}/"
        if said not in (f"{span}{file.size}", f"{span}*"):
            raise _WouldNotResume(f"it resumed elsewhere: {said or 'no Content-Range'}")
        return have
    if response.status != HTTPStatus.OK:
        raise _Refused(f"it answered {response.status}")
    offered = response.headers.get("Content-Length")
    if offered and offered != str(file.size):
        raise _Refused(f"it offers {offered} bytes, and the file has {file.size:,}")
    return 0  # the whole file: the first request, or it ignores Range, or the file has changed


def _read(response: Any) -> bytes:
    with _network():
        chunk: bytes = response.read1(CHUNK)
        return chunk


@contextlib.contextmanager
def _network() -> Iterator[None]:
    """Sort what can go wrong on the way into what is worth another try and what is not."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        said = f"it answered {error.code} {error.reason}"
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise _WouldNotResume(said) from error
        raise (_TryAgain if error.code in PASSING else _Refused)(said) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        said = f"{type(reason).__name__}: {reason}"
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise _Refused(f"its certificate is not trusted ({said})") from error
        if isinstance(reason, socket.gaierror | ConnectionRefusedError):
            raise _OutOfReach(said) from error
        raise _TryAgain(said) from error


def _progress_bar(name: str, size: int, shown: bool) -> Any:
    return progress_bar(size, shown=shown, desc=name, unit="B", unit_scale=True, unit_divisor=1024)
