"""The server of the viewer: it listens on loopback alone, and answers only who knows the token.

The page, its style and its module hold nothing of the rows and are served to every caller; all else is a POST of JSON
with the token in a header, which no page of another site can send without asking first, and asking is refused. Calls
must name this server as their host, so a name that somebody points at 127.0.0.1 (DNS rebinding) is refused as well. The
content security policy lets the page run its one module and talk to this server, and lets no text become markup.

The token stands in the fragment of the address, which no server and no log ever sees. It is new for each start.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.resources import files
from typing import Any, TypeAlias

import duckdb
import uvicorn
from pydantic import BaseModel, Field, ValidationError
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from open_thoughts_gen.publish.view.follow import Newest
from open_thoughts_gen.publish.view.query import Cursor, PageQuery, RowQuery, Rows, Strict, UnknownNameError
from open_thoughts_gen.tables.labels import Labelled, RowKey, add_label

HOST = "127.0.0.1"
MAX_BODY = 200_000
PAGE = files("open_thoughts_gen.publish.view") / "page"
FILES = {
    "/": ("index.html", "text/html"),
    "/view.css": ("view.css", "text/css"),
    "/view.js": ("view.js", "text/javascript"),
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Question: TypeAlias = Callable[[Rows, Cursor, Any], object]
_POLL_S = 0.05  # how often it is looked whether the browser still waits


class WhichRow(Strict):
    """A row by its number, or by its id and attempt."""

    table: str
    n: int | None = Field(default=None, ge=0)
    id: str | None = None
    attempt: int | None = None


class Viewer:
    """What the routes of the server do."""

    def __init__(self, newest: Newest, token: str) -> None:
        """Take what there is to look at."""
        self._newest, self._token = newest, token

    def application(self, hosts: frozenset[str]) -> ASGIApp:
        """Return the application, which answers calls to these hosts."""
        questions: dict[str, tuple[type[BaseModel], Question]] = {
            "overview": (Strict, self._overview),
            "page": (PageQuery, Rows.page),
            "facets": (RowQuery, Rows.facets),
            "row": (WhichRow, self._row),
            "label": (Labelled, self._label),
        }
        routes = [Route(path, partial(_page_file, *file)) for path, file in FILES.items()]
        routes += [
            Route(f"/api/{name}", partial(self._answer, model, question), methods=["POST"])
            for name, (model, question) in questions.items()
        ]
        return Guarded(Starlette(routes=routes), hosts)

    async def _answer(self, model: type[BaseModel], question: Question, request: Request) -> Response:
        """Check the call, and answer it in a thread; a browser that no longer waits interrupts the question."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            return _json({"error": "the token is wrong: open the address that the command printed"}, 401)
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _json({"error": "send JSON"}, 415)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                return _json({"error": "the call is too large"}, 413)
        answer, status = {"error": "interrupted"}, 503
        with suppress(duckdb.InterruptException):
            try:
                asked = model.model_validate_json(body or b"{}")
                return _json(await _interruptible(request, self._newest.rows, question, asked))
            except ValidationError as error:
                answer, status = {"error": f"not understood: {error.errors()[0]['msg']}"}, 400
            except UnknownNameError as error:
                answer, status = {"error": str(error)}, 404
            except OSError as error:
                answer, status = {"error": f"{error.filename}: {error.strerror}"}, 500
        return _json(answer, status)

    def _overview(self, _: Rows, cursor: Cursor, asked: Strict) -> dict[str, Any]:
        """Return what the page shows around the rows, which are read again if there are more."""
        rows, contents = self._newest.look(), self._newest.contents
        account = contents.account
        shown = {name: account[name] for name in ("counts", "shortfall", "seed", "target") if name in account}
        tables = {"tables": rows.tables, "facets": rows.facet_names}
        return {"title": contents.title, **tables, "account": shown, "follows": self._newest.follows}

    def _row(self, rows: Rows, cursor: Cursor, which: WhichRow) -> dict[str, Any]:
        """Return a row, what belongs to it, and what somebody has said of it."""
        n = which.n
        if n is None:
            n = rows.number_of(cursor, which.table, RowKey(which.id or "", which.attempt))
        return {
            "n": n,
            "cells": rows.row(cursor, which.table, n),
            "related": rows.related(cursor, which.table, n),
            "label": rows.label_of(cursor, which.table, n),
        }

    def _label(self, rows: Rows, cursor: Cursor, labelled: Labelled) -> dict[str, Any]:
        """Store a label: in the file first."""
        add_label(self._newest.contents.labels, labelled)
        rows.label(cursor, labelled)
        return {"stored": str(self._newest.contents.labels)}


class Guarded:
    """Refuses calls that do not name this server, and gives every answer the headers that keep hostile text inert."""

    def __init__(self, application: ASGIApp, hosts: frozenset[str]) -> None:
        """Take the application, and the values of `Host` that name this server."""
        self._application, self._hosts = application, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        headers = Request(scope).headers
        origins = {f"http://{host}" for host in self._hosts}
        if headers.getlist("host") not in [[host] for host in self._hosts]:
            refusal = _json({"error": "this server does not answer to that host"}, 421)
            await refusal(scope, receive, send_with_headers)
        elif headers.get("origin", next(iter(origins))) not in origins:
            await _json({"error": "calls from other sites are refused"}, 403)(scope, receive, send_with_headers)
        else:
            await self._application(scope, receive, send_with_headers)


def serve(newest: Newest, *, port: int, announce: Callable[[str], None]) -> None:
    """Serve until Ctrl-C; `announce` gets the address once it can be opened. Port 0 is any free one.

    Raises:
        OSError: the port is taken, or may not be listened on.

    """
    token = secrets.token_urlsafe(24)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen()  # a browser that is quicker than the server waits in the queue
        port = listening.getsockname()[1]
        hosts = frozenset({f"{HOST}:{port}", f"localhost:{port}"})
        application = Viewer(newest, token).application(hosts)
        config = uvicorn.Config(application, log_level="warning", access_log=False, server_header=False, lifespan="off")
        announce(f"http://{HOST}:{port}/#token={token}")
        uvicorn.Server(config).run(sockets=[listening])


async def _interruptible(request: Request, rows: Rows, question: Question, asked: object) -> object:
    """Ask a question in a thread, and interrupt it when the browser goes away."""
    cursor = rows.cursor()
    asking = asyncio.create_task(asyncio.to_thread(question, rows, cursor, asked))
    while not asking.done():
        await asyncio.wait({asking}, timeout=_POLL_S)
        if not asking.done() and await request.is_disconnected():
            cursor.interrupt()
    return await asking


async def _page_file(name: str, kind: str, request: Request) -> Response:
    return Response((PAGE / name).read_bytes(), media_type=f"{kind}; charset=utf-8")


def _json(answer: object, status: int = 200) -> Response:
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json")
