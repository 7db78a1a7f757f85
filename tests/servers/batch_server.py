"""A real batch interface on loopback: files, batches, and states that move on each time one is looked at.

`expire_after` answers only the first lines of the first batch, which then expires; `refuse` is a prompt answered by
400, `fault` what else goes wrong with a prompt: the status and the body of its line.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.servers.chat_server import Body, Fault, echo, error_body


class BatchServer:
    """Files and batches in memory; `asked` are the lines that were submitted, in order."""

    def __init__(
        self,
        *,
        expire_after: int | None = None,
        refuse: str = "",
        fail: str = "",
        num_looks: int = 2,
        answer: Callable[[Body], object] = echo,
        fault: Callable[[str, int], Fault | None] = lambda prompt, nth: None,
    ) -> None:
        self._answer, self._fault = answer, fault
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.asked: list[dict[str, Any]] = []
        self._expire_after, self._refuse, self._fail, self._num_looks = expire_after, refuse, fail, num_looks
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                self.tell(server.get(self.path.split("?")[0]))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                kind = self.headers["content-type"]
                self.tell(server.upload(kind, body) if "multipart" in kind else server.create(json.loads(body)))

            def tell(self, told: bytes | dict[str, Any] | None) -> None:
                content = told if isinstance(told, bytes) else json.dumps(told).encode()
                self.send_response(404 if told is None else 200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True

    @property
    def spec(self) -> str:
        """The spec of a model on this server."""
        return f"http://127.0.0.1:{self._http.server_port}/v1#m"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def upload(self, kind: str, body: bytes) -> dict[str, Any]:
        message = BytesParser().parsebytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + body)
        parts = message.get_payload()
        assert isinstance(parts, list)
        (content,) = [part.get_payload(decode=True) for part in parts if part.get_filename()]  # type: ignore[union-attr]
        name = f"file-{len(self.files)}"
        assert isinstance(content, bytes)
        self.files[name] = content
        return self.file(name)

    def file(self, name: str) -> dict[str, Any]:
        return {
            "id": name,
            "object": "file",
            "bytes": len(self.files[name]),
            "created_at": 0,
            "filename": "f",
            "purpose": "batch",
            "status": "processed",
        }

    def create(self, wanted: dict[str, Any]) -> dict[str, Any]:
        name = f"batch-{len(self.batches)}"
        self.asked += [json.loads(line) for line in self.files[wanted["input_file_id"]].splitlines()]
        self.batches[name] = {**wanted, "id": name, "object": "batch", "created_at": int(time.time()), "looks": 0}
        self.batches[name] |= {"status": "validating", "request_counts": {"total": 0, "completed": 0, "failed": 0}}
        return self.batches[name]

    def get(self, path: str) -> bytes | dict[str, Any] | None:
        *_, kind, name = path.removesuffix("/content").split("/")
        if path.endswith("/batches"):
            return {"object": "list", "data": [*self.batches.values()][::-1], "has_more": False}
        if kind == "files" and path.endswith("/content"):
            return self.files.get(name)
        return self.file(name) if kind == "files" else self.look(self.batches[name])

    def finish(self) -> None:
        """Let every batch be over when it is next looked at."""
        self._num_looks = 0

    def look(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Return a batch, which has moved on since the last look."""
        batch["looks"] += 1
        if batch["status"] in ("validating", "in_progress"):
            batch["status"] = "in_progress" if batch["looks"] < self._num_looks else self.end(batch)
            batch[f"{batch['status']}_at"] = int(time.time())
        return batch

    def end(self, batch: dict[str, Any]) -> str:
        if self._fail:
            batch["errors"] = {"object": "list", "data": [{"code": "x", "message": self._fail}]}
            return "failed"
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        most, self._expire_after = self._expire_after, None
        faults = {line["custom_id"]: self._fault_of(line["body"]["messages"][-1]["content"]) for line in lines}
        answered = [line for line in lines if faults[line["custom_id"]] is None][:most]
        output = [_line(line["custom_id"], 200, self._answer(line["body"])) for line in answered]
        errors = [_line(key, fault.status, json.loads(fault.body or b"{}")) for key, fault in faults.items() if fault]
        counts = {"total": len(lines), "completed": len(output), "failed": len(errors)}
        batch["request_counts"] = counts
        for field, found in (("output_file_id", output[::-1]), ("error_file_id", errors)):
            if found:
                batch[field] = f"file-{len(self.files)}"
                self.files[batch[field]] = b"".join(found)
        return "completed" if most is None else "expired"

    def _fault_of(self, prompt: str) -> Fault | None:
        return Fault(400, body=error_body("too long")) if prompt == self._refuse else self._fault(prompt, 0)


def _line(custom_id: str, status: int, body: object) -> bytes:
    response = {"status_code": status, "request_id": "r", "body": body}
    return json.dumps({"id": "l", "custom_id": custom_id, "response": response, "error": None}).encode() + b"\n"
