"""A real JupyterHub with the configuration under test, and students who come to it over HTTP.

What students do goes through the same doors as a browser's requests: the hub's page to log in,
its proxy, the REST interface and the websocket of their own server.
"""

from __future__ import annotations

import contextlib
import http.cookiejar
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import websocket

HUB = Path(__file__).resolve().parents[2] / "hub"
T = TypeVar("T")


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on, all different."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def wait_for(what: str, ask: Callable[[], T], *, seconds: float) -> T:
    """Ask again and again until the answer is true; give up with a sentence."""
    end = time.monotonic() + seconds
    while True:
        if answer := ask():
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.2)


class Hub:
    """One JupyterHub; `settings` are the configuration's, without KERASDEMO_HUB_."""

    def __init__(self, programs: Path, state: Path, **settings: object) -> None:
        public, *inner = free_ports(3)
        self.url = f"http://127.0.0.1:{public}"
        self.state = state
        self.password = secrets.token_hex(8)
        self.log = state.parent / f"{state.name}.log"
        given = {
            "DIR": programs,
            "STATE": state,
            "ADDRESS": self.url,
            "INNER_PORTS": ",".join(map(str, inner)),
            "TRIAL_PASSWORD": self.password,
            **settings,
        }
        self._environment = {f"KERASDEMO_HUB_{name}": str(value) for name, value in given.items()}
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Hub:
        """Start it, and wait until it answers."""
        kept = {"PATH", "HOME", "LANG", "TMPDIR"}
        environment = {name: value for name, value in os.environ.items() if name in kept}
        command = [self._programs / "hub/bin/jupyterhub", "-f", HUB / "jupyterhub_config.py"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.state.parent,
                env=environment | self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_for("the hub answers", self._answers, seconds=120)
        except BaseException:
            self.__exit__()
            raise RuntimeError(self.said()[-4000:]) from None
        return self

    def __exit__(self, *_: object) -> None:
        """End it; it ends its proxy and the students' servers."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def said(self) -> str:
        """Return the log, the students' servers' lines among it."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError("the hub has ended")
        try:
            with urllib.request.urlopen(f"{self.url}/hub/api", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@dataclass(frozen=True)
class Page:
    """What came back: where redirections led to, the status, the text."""

    address: str
    status: int
    text: str


@dataclass
class Student:
    """Somebody with a browser's cookies and nothing more."""

    hub: Hub
    name: str
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def __post_init__(self) -> None:
        cookies = urllib.request.HTTPCookieProcessor(self.jar)
        self._opener = urllib.request.build_opener(cookies)

    def ask(self, path: str, *, method: str = "GET", body: Any = None, form: Any = None) -> Page:
        """Send one request; statuses that mean "no" come back, too."""
        address = path if path.startswith("http") else self.hub.url + path
        data, headers = None, {"Referer": address, "Sec-Fetch-Mode": "navigate"}
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        elif form is not None:
            data = urllib.parse.urlencode(form).encode()
        if token := self._xsrf(urllib.parse.urlsplit(address).path):
            headers["X-XSRFToken"] = token
        request = urllib.request.Request(address, data, headers, method=method)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return Page(answer.url, answer.status, answer.read().decode())
        except urllib.error.HTTPError as no:
            return Page(no.url, no.code, no.read().decode())

    def log_in(self, password: str | None = None) -> Page:
        """Type name and password; return the page that this led to."""
        self.ask("/hub/login")
        form = {"username": self.name, "password": password or self.hub.password}
        form["_xsrf"] = self._xsrf("/hub/login")
        return self.ask("/hub/login", method="POST", form=form)

    def start(self, *, seconds: float = 120) -> Page:
        """Log in, wait for the server, and return the page that the student lands on."""
        page = self.log_in()
        if page.status != 200:
            raise RuntimeError(f"{page.address}: {page.status}")

        def landed() -> Page | None:
            page = self.ask("/hub/spawn")
            here = page.address.startswith(f"{self.hub.url}/user/{self.name}/")
            if re.search("Spawn failed|status-error", page.text):
                raise RuntimeError(self.hub.said()[-4000:])
            return page if here and page.status == 200 else None

        return wait_for(f"the server of {self.name}", landed, seconds=seconds)

    def stop(self) -> None:
        """End the server, as on the page "Hub Control Panel"."""
        self.ask("/hub/home")  # its cookie allows the hub's interface
        page = self.ask(f"/hub/api/users/{self.name}/server", method="DELETE")
        if page.status not in (202, 204):
            raise RuntimeError(f"{page.status}: {page.text}")
        wait_for("the server has ended", lambda: not self.running(), seconds=60)

    def running(self) -> bool:
        """Ask the hub whether the server runs."""
        page = self.ask(f"/hub/api/users/{self.name}")
        return bool(json.loads(page.text).get("servers"))

    def api(self, path: str, *, method: str = "GET", body: Any = None) -> Any:
        """Ask the student's own server; raise when it says no."""
        page = self.ask(f"/user/{self.name}/api/{path}", method=method, body=body)
        if page.status >= 400:
            raise PermissionError(f"{path}: {page.status} {page.text[:300]}")
        return json.loads(page.text) if page.text else None

    @contextlib.contextmanager
    def kernel(self) -> Iterator[Kernel]:
        """Start a kernel, and connect to it as an open page does."""
        number = self.api("kernels", method="POST", body={"name": "python3"})["id"]
        address = self.hub.url.replace("http", "ws", 1)
        path = f"/user/{self.name}/api/kernels/{number}/channels"
        connection = websocket.create_connection(
            address + path, cookie=self._cookies(path), origin=self.hub.url, timeout=300
        )
        try:
            yield Kernel(number, connection)
        finally:
            connection.close()
            with contextlib.suppress(PermissionError):  # it may be gone
                self.api(f"kernels/{number}", method="DELETE")

    def kernels(self) -> list[str]:
        """Return the numbers of the kernels that run."""
        return [kernel["id"] for kernel in self.api("kernels")]

    def _cookies(self, path: str) -> str:
        fitting = [c for c in self.jar if path.startswith(c.path)]
        fitting.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in fitting)

    def _xsrf(self, path: str) -> str:
        fitting = [c for c in self.jar if c.name == "_xsrf" and path.startswith(c.path)]
        best = max(fitting, key=lambda cookie: len(cookie.path), default=None)
        return (best.value or "") if best else ""


@dataclass
class Kernel:
    """A kernel, and the open page's connection to it."""

    number: str
    connection: websocket.WebSocket

    def send(self, code: str) -> str:
        """Let a cell be run, and do not wait; return the message's number."""
        sent = uuid.uuid4().hex
        header = {"msg_id": sent, "msg_type": "execute_request", "session": sent, "version": "5.3"}
        header |= {"username": "", "date": ""}
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        self.connection.send(json.dumps(message | {"channel": "shell", "buffers": []}))
        return sent

    def run(self, code: str, *, seconds: float = 120) -> str:
        """Run a cell; return what it printed; raise what it raised."""
        sent = self.send(code)
        printed, end = "", time.monotonic() + seconds
        while time.monotonic() < end:
            answer = self._receive()
            if answer.get("parent_header", {}).get("msg_id") != sent:
                continue
            kind, content = answer["header"]["msg_type"], answer["content"]
            if kind == "stream":
                printed += content["text"]
            elif kind in ("execute_result", "display_data"):
                printed += content["data"].get("text/plain", "") + "\n"
            elif kind == "error":
                raise RuntimeError(f"{content['ename']}: {content['evalue']}")
            elif kind == "status" and content["execution_state"] == "idle":
                return printed
        raise TimeoutError(f"after {seconds} s: {code[:200]}")

    def _receive(self) -> dict[str, Any]:
        answer = self.connection.recv()
        if isinstance(answer, str):
            return dict(json.loads(answer)) if answer else {}
        # offsets of the parts of a message with buffers; the first part is the message itself
        count = int.from_bytes(answer[:4], "big")
        ends = [int.from_bytes(answer[4 + 4 * n : 8 + 4 * n], "big") for n in range(count)]
        stop = ends[1] if count > 1 else len(answer)
        return dict(json.loads(answer[ends[0] : stop]))
