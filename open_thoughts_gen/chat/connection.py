"""One HTTP exchange with an endpoint: bytes out, bytes in, and what a status or a broken connection means.

aiohttp carries it, because of the clients measured it spends least on a request. Proxies are read from the environment
here, not by aiohttp, which would also read passwords from `~/.netrc`. No redirect is followed, so that no prompt and no
key goes where the user did not send it; and every payload is searched for the key before anybody sees it.

HTTP/1.1 matches answers to calls by their order alone, so one response that is delivered twice would shift every later
answer on its connection to the wrong question. A connection on which something came unasked is not used again, and a
completion with the id of the one before it on the same connection is not believed.

    answered             the payload, whole
    429                  ThrottledError: flow control, not a failure
    408, 5xx, reset,     UnansweredError: it may be answered when asked again
    timeout, no JSON
    no connection        UnreachableError: the endpoint is down, not this call
    delivered twice      RepeatedError: the connection's fault, at most once for each id, so not counted as a failure
    400, 403, 413, 422,  RejectedError: of one row, or of all; whoever sees other rows answered can say which
    451
    other 3xx, 4xx       ProviderError: nothing heals by asking again

An error with one of these numbers in a body with status 200 means the same. What the words of a refusal say of keys,
permissions, credit, or a prompt that is too long or filtered is believed at once.
"""

from __future__ import annotations

import contextlib
import email.utils
import json
import os
import re
import socket
import time
import urllib.request
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Self
from weakref import WeakKeyDictionary

import aiohttp
import yarl
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection as Lent

from open_thoughts_gen.chat.completion import EmptyError, Reply, read_new
from open_thoughts_gen.chat.endpoints import Endpoint
from open_thoughts_gen.chat.refusal import is_of_all, is_of_row, status_within, words_of
from open_thoughts_gen.chat.streaming import Events
from open_thoughts_gen.errors import Fault, ProviderError, UserError
from open_thoughts_gen.text import shorten
from open_thoughts_gen.version import VERSION

LONGEST_WAIT_S = 86_400.0
_LONGEST_PAUSE_S = 60.0
_CONNECT_S = 10.0
_TRANSIENT = frozenset({408, 409, 425})
_NO_CREDIT = ("insufficient_quota", "billing_not_active")
_HINTS = {
    401: "check the key in {variable}",
    402: "add credit at the provider, then run again",
    403: "check what the key in {variable} may use",
    404: "check the model's name and the address, which usually ends in /v1",
}
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?$")
_DURATION_UNITS_S = (86_400.0, 3600.0, 60.0, 1.0, 0.001)
_ID = re.compile(rb'"id"\s*:\s*"([^"\\]{1,200})"')
_NO_WAY = (aiohttp.ClientConnectorError, aiohttp.ClientConnectorDNSError)
_HOST = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?|[0-9A-Fa-f.%]*:[0-9A-Za-z:.%]+")


class UnansweredError(Exception):
    """A call that may be answered when asked again: of what `kind` the failure is, and how long to wait if it says so.

    `lost` is what came, holds nothing, and may have been paid for.
    """

    def __init__(self, why: str, kind: str, wait_s: float | None = None, *, lost: Reply | None = None) -> None:
        super().__init__(why)
        self.kind, self.wait_s, self.lost = kind, wait_s, lost


class UnreachableError(UnansweredError):
    """No connection: nothing was sent."""


class ThrottledError(UnansweredError):
    """429: flow control, not a failure."""


class RepeatedError(UnansweredError):
    """A response that another call on this connection was given before: the answer to this one is not known."""


class RejectedError(Exception):
    """A call that is refused: because of its prompt where `is_of_row`, else perhaps because of what all calls share.

    `fault` is what the run ends with if no call is accepted.
    """

    def __init__(self, why: str, fault: ProviderError, *, is_of_row: bool) -> None:
        super().__init__(why)
        self.fault, self.is_of_row = fault, is_of_row


class _StaleError(aiohttp.ClientError):
    """A connection that holds something unasked; nothing was sent."""


class _CheckedRequest(aiohttp.ClientRequest):
    """A request that looks at its connection before it is sent, and tells which one it took."""

    async def send(self, conn: Lent) -> aiohttp.ClientResponse:
        if conn.protocol is None or conn.protocol.should_close:
            raise _StaleError
        _taken.get().append(conn.protocol)
        return await super().send(conn)


_taken: ContextVar[list[ResponseHandler]] = ContextVar("the connection that this call took")


class Connection:
    """Open connections to one endpoint, kept alive between calls; use it in an `async with`.

    Raises:
        UserError: the address or the proxy cannot be used.

    """

    def __init__(self, endpoint: Endpoint, *, concurrency: int, timeout_s: float) -> None:
        self._endpoint, self._concurrency = endpoint, concurrency
        self._authorization = endpoint.authorization()
        self._secret = self._authorization.rpartition(" ")[2].encode()
        self._timeout_s = timeout_s
        self._last_ids: WeakKeyDictionary[ResponseHandler, bytes] = WeakKeyDictionary()
        self._repeated_ids: set[bytes] = set()
        self.url = yarl.URL(f"{endpoint.base_url}/chat/completions")

    async def __aenter__(self) -> Self:
        """Look at the address and the proxy; connections are made by calls."""
        if not _HOST.fullmatch(self.url.raw_host or ""):
            raise self._unusable("its host is not a name")
        self._proxy = self._proxy_of_environment()
        connector = aiohttp.TCPConnector(
            limit=self._concurrency, keepalive_timeout=30.0, ttl_dns_cache=300, socket_factory=_kept_alive
        )
        headers = {"Content-Type": "application/json", "User-Agent": f"open_thoughts_gen/{VERSION}"}
        if self._authorization:
            headers["Authorization"] = self._authorization
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers=headers,
            request_class=_CheckedRequest,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=min(_CONNECT_S, self._timeout_s)),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await self._session.close()

    async def ask(self, content: bytes) -> tuple[bytes, Reply, float]:
        """Send once; return the payload, what it says, and for how long the endpoint wants to be left alone.

        The deadline is for the whole call: a server that drips must not hold it for ever.
        """
        while True:
            with contextlib.suppress(_StaleError):
                return await self._ask_once(content)

    async def _ask_once(self, content: bytes) -> tuple[bytes, Reply, float]:
        taken: list[ResponseHandler] = []
        _taken.set(taken)
        try:
            async with self._session.post(self.url, data=content, proxy=self._proxy, allow_redirects=False) as response:
                if response.status != 200:
                    raise self._failure(response.status, response.headers, await response.read())
                payload = self._redacted(await self._payload(response))
                status = status_within(payload)
                if status:
                    raise self._failure(status, response.headers, payload)
                reply = read_new(payload)
                self._check_is_new(payload, taken[-1])
                return payload, reply, pause_s(response.headers)
        except _StaleError:
            raise
        except TimeoutError as error:
            if isinstance(error, aiohttp.ConnectionTimeoutError):
                raise UnreachableError(self._why(error), "no connection") from None
            raise UnansweredError(f"no answer within {self._timeout_s:g} s", "timeout") from None
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError) as error:
            raise UnreachableError(self._why(error), "no connection") from None
        except (aiohttp.ClientError, OSError) as error:
            raise UnansweredError(f"the connection failed: {self._why(error)}", "connection") from None
        except ValueError as error:
            words = self._redacted(str(error).encode("utf-8", "replace")).decode("utf-8", "replace")
            if isinstance(error, EmptyError):
                raise UnansweredError(shorten(words, 300), "empty answer", lost=error.reply) from None
            raise UnansweredError(shorten(words, 300), "no completion") from None

    def _check_is_new(self, payload: bytes, connection: ResponseHandler) -> None:
        """Raise where a payload has the id of the one before; a server that gives all the same id is believed."""
        match = _ID.search(payload, 0, 1000)
        if match is None:
            return
        number, last = match[1], self._last_ids.get(connection)
        self._last_ids[connection] = number
        if number == last and number not in self._repeated_ids:
            self._repeated_ids.add(number)
            connection.close()
            raise RepeatedError("the endpoint delivered a response twice", "delivered twice")

    async def _payload(self, response: aiohttp.ClientResponse) -> bytes:
        events = Events()
        if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
            payload = await response.read()
            if not payload.lstrip()[:6].startswith((b"data:", b"event:")):
                return payload
            events.feed(payload)  # of a gateway that streams whatever it is asked for
            return events.completion()
        async for piece in response.content.iter_any():
            events.feed(piece)
        return events.completion()

    def _failure(self, status: int, headers: Mapping[str, str], body: bytes) -> Exception:
        """Return what a status means for this call, or for all."""
        content: Any = self._redacted(body).decode("utf-8", "replace")
        with contextlib.suppress(ValueError, RecursionError):
            content = json.loads(content)
        code, words = words_of(content)
        why = f"HTTP {status}{': ' if words else ''}{words}"
        about = f"{code} {words}".lower()
        if status == 429 and not any(word in about for word in _NO_CREDIT):
            wait_s = retry_after_s(headers)
            return ThrottledError(why, "HTTP 429", pause_s(headers) or None if wait_s is None else wait_s)
        if status >= 500 or status in _TRANSIENT:
            return UnansweredError(why, f"HTTP {status}", retry_after_s(headers))
        hint = _HINTS.get(402 if status == 429 else status, "check the settings and the address")
        if status == 401 and not self._authorization:
            hint = "it needs a key: set {variable}"
        refused = f"{self._endpoint.address} refused the call, {why}"
        fault = ProviderError(Fault(refused, hint=hint.format(variable=self._endpoint.key_variable)))
        return fault if is_of_all(status, about) else RejectedError(why, fault, is_of_row=is_of_row(about))

    def _redacted(self, payload: bytes) -> bytes:
        """Return bytes without the key: an endpoint that echoes its headers must not carry it into a file."""
        return payload.replace(self._secret, b"[key]") if len(self._secret) >= 8 else payload

    def _why(self, error: BaseException) -> str:
        # aiohttp's own words for this name its settings, and the address once more.
        cause = error.os_error if type(error) in _NO_WAY and isinstance(error, aiohttp.ClientConnectorError) else None
        if cause is not None and cause.errno is not None:
            return str(cause.strerror if isinstance(cause, socket.gaierror) else os.strerror(cause.errno)).lower()
        message = shorten(str(error), 200)
        return self._redacted(" ".join([type(error).__name__, *message.split()]).encode("utf-8", "replace")).decode()

    def _proxy_of_environment(self) -> yarl.URL | None:
        """Return the proxy that HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY name for this endpoint."""
        host = self.url.host or ""
        proxies = urllib.request.getproxies()
        named = proxies.get(self.url.scheme) or proxies.get("all")
        if not named or urllib.request.proxy_bypass(host if self.url.is_default_port() else f"{host}:{self.url.port}"):
            return None
        with contextlib.suppress(ValueError):
            proxy = yarl.URL(named if "://" in named else f"http://{named}")
            if proxy.scheme in ("http", "https") and proxy.host:
                return proxy
        raise self._unusable("the proxy that the environment names does not speak HTTP")

    def _unusable(self, why: str) -> UserError:
        hint = "check the address, and the proxy that the environment names"
        return UserError(Fault(f"no connection can be made to {self._endpoint.base_url}: {why}", hint=hint))


def _kept_alive(address: tuple[Any, ...]) -> socket.socket:
    """Return a socket that keeps a silent connection alive, and notices after minutes when the other side is gone."""
    family, kind, protocol, _, _ = address
    connection = socket.socket(family, kind, protocol)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 8)):
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return connection


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return how long an endpoint asks to wait: `retry-after-ms`, or RFC 9110 `Retry-After` in seconds or as a date."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "")
        with contextlib.suppress(ValueError):
            return min(max(0.0, float(text)) * unit_s, LONGEST_WAIT_S)
        with contextlib.suppress(ValueError, TypeError):
            return min(max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time()), LONGEST_WAIT_S)
    return None


def pause_s(headers: Mapping[str, str]) -> float:
    """Return the wait that the ratelimit headers ask for where one of them says that nothing remains, else 0.

    They come as `x-ratelimit-remaining-requests`, `anthropic-ratelimit-tokens-remaining`, `x-ratelimit-remaining`,
    `ratelimit-remaining`; the reset as seconds, "6m0s", a date, or seconds or milliseconds since 1970.
    """
    pauses = [0.0]
    for name, value in headers.items():
        lower = name.lower()
        if "ratelimit" in lower and "remaining" in lower and value.strip() == "0":
            resets = {other.lower(): text for other, text in headers.items()}
            pauses.append(_until_s(resets.get(lower.replace("remaining", "reset"), "")))
    return min(max(pauses), _LONGEST_PAUSE_S)


def _until_s(text: str) -> float:
    text = text.strip()
    with contextlib.suppress(ValueError):
        number = float(text)
        since_1970 = number / 1000.0 if number > 1e11 else number
        return since_1970 - time.time() if number > 1e9 else number
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(text).timestamp() - time.time()
    match = _DURATION.fullmatch(text)
    parts = match.groups() if match else ()
    return sum(float(part) * unit_s for part, unit_s in zip(parts, _DURATION_UNITS_S, strict=False) if part)
