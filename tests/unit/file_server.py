"""A server of files on 127.0.0.1 that does as it is told, and misbehaves when it is told to."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer:
    """Serve `files` {path: bytes}, resuming as a good server does.

    Each request takes the next fault from `faults`, if there is one: a name below or None.
    """

    def __init__(self, files):
        self.files = dict(files)
        self.faults = []
        self.requests = []
        self.etag = '"one"'
        self.gate = None  # a barrier that the first bytes wait for
        self.release = threading.Event()
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer._answer(self)

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}/"

    def close(self):
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def ranges(self):
        return [headers.get("Range") for _, headers in self.requests]

    def _answer(self, request):
        with self._lock:
            self.requests.append((request.path, dict(request.headers)))
            fault = self.faults.pop(0) if self.faults else None
        body = self.files.get(request.path)
        if body is None or fault in ("404", "500", "503"):
            request.send_error(int(fault or 404))
            return
        start = self._start(request, fault)
        if start >= len(body) > 0 or fault == "416":
            request.send_error(416)
            return
        whole, body = body, body[start:]
        if fault == "wrong bytes":
            body = bytes(len(body))
        if fault == "another range":
            start += 1
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
        if fault == "page":
            body = b"<html>Moved.</html>"
        if fault in ("too long", "much too long"):
            body += bytes(1 if fault == "too long" else 1_000_000)
        if fault not in ("no length", "much too long"):
            request.send_header("Content-Length", str(len(body)))
        if self.etag:
            request.send_header("ETag", self.etag)
        request.end_headers()
        self._send(request, body, fault)

    def _start(self, request, fault):
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range") or "")
        same = request.headers.get("If-Range") in (None, self.etag)
        return int(asked[1]) if asked and same and fault != "ignore range" else 0

    def _send(self, request, body, fault):
        if self.gate is not None:
            self.gate.wait(30)
        part = body[: len(body) // 2] if fault in ("cut", "stall", "change") else body
        request.wfile.write(part)
        request.wfile.flush()
        if fault == "change":
            path = request.path
            self.files[path], self.etag = self.files["/new" + path], '"two"'
        if fault == "stall":
            self.release.wait(10)
