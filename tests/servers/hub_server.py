"""A stand-in for the Hugging Face Hub on loopback: one process, a thread, plain dictionaries, faults to order.

It speaks what `huggingface_hub` and `datasets` ask of the real one for datasets: who am I, create, validate a card,
pre-upload, LFS, commit, list, read. It keeps every commit. It has no Xet storage, so a client that uploads large files
must run with `HF_HUB_DISABLE_XET=1`, which is read when huggingface_hub is imported; with `lfs=False` all files are
regular ones, and a client that has imported it already can be served too.

Documented at https://huggingface.co/docs/hub/api; what is not documented follows the client's source.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

TOKEN = "hf_aTokenOfTheTests0123456789"
DATE = "2025-01-01T00:00:00.000Z"


@dataclass
class Repo:
    """One dataset: the files at its head, and the ids of its commits, the newest last; branches are alike, by name."""

    private: bool = False
    branches: dict[str, Repo] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    lfs: set[str] = field(default_factory=set)
    commits: list[str] = field(default_factory=list)

    def branch(self, name: str) -> Repo:
        """Begin a branch as this one is."""
        self.branches[name] = Repo(self.private, {}, dict(self.files), set(self.lfs), list(self.commits))
        return self.branches[name]

    def at(self, revision: str) -> Repo:
        """Return the branch of this name, or the one that is at this commit; else the main one."""
        at_commit = (one for one in self.branches.values() if revision not in self.commits and revision in one.commits)
        return self.branches.get(revision) or next(at_commit, self)

    def commit(self) -> str:
        """Note that the files are now those of a new commit; return its id."""
        told = repr((sorted(self.files.items()), self.commits))
        self.commits.append(hashlib.sha1(told.encode()).hexdigest())
        return self.commits[-1]


@dataclass
class Hub:
    """What the server holds, what it was asked, and the faults that it has been ordered to commit.

    `faults` maps a word of a path to the statuses that the next requests with that word in their path are answered
    with. `interloper` makes somebody else commit, once, right before a commit arrives.
    """

    url: str = ""
    lfs: bool = True
    repos: dict[str, Repo] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[int]] = field(default_factory=dict)
    retry_after: str = "0"
    interloper: bool = False
    asked: Counter[str] = field(default_factory=Counter)

    def env(self) -> dict[str, str]:
        """Return the environment of a client of this server."""
        return {"HF_ENDPOINT": self.url, "HF_TOKEN": TOKEN}


@contextmanager
def serving(*, lfs: bool = True) -> Iterator[Hub]:
    """Serve an empty Hub in a thread."""
    hub = Hub(lfs=lfs)
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def pointed_at(hub: Hub) -> Iterator[None]:
    """Let the clients of this process talk to this server, and keep what they fetch in a folder of their own.

    They read `hub.env()` when they are imported; here they may be already.
    """
    import datasets.config
    from huggingface_hub import constants

    places: list[tuple[Any, str, str]] = [
        (constants, "ENDPOINT", hub.url),
        (constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}"),
        (datasets.config, "HF_ENDPOINT", hub.url),
    ]
    with TemporaryDirectory() as folder:
        places += [(constants, "HF_HUB_CACHE", folder), (datasets.config, "HF_MODULES_CACHE", folder)]
        before = [getattr(module, name) for module, name, _ in places]
        for module, name, value in places:
            setattr(module, name, value)
        try:
            yield
        finally:
            for (module, name, _), value in zip(places, before, strict=True):
                setattr(module, name, value)


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.asked[f"{self.command} {path}"] += 1
        for word, statuses in self.hub.faults.items():
            if word in path and statuses:
                status = statuses.pop(0)
                self._json({"error": f"ordered, token was {self.headers.get('Authorization')}"}, status)
                return
        parts = path.strip("/").split("/")
        if parts[0] == "lfs":
            self._store(parts[1], body)
        elif parts[:1] == ["datasets"] and parts[3:] == ["info", "lfs", "objects", "batch"]:
            self._lfs_batch(json.loads(body))
        elif parts[:1] == ["datasets"] and parts[3:4] == ["resolve"]:
            self._resolve("/".join(parts[1:3]), parts[4], "/".join(parts[5:]))
        elif parts[:2] == ["api", "datasets"]:
            self._dataset("/".join(parts[2:4]), parts[4:], body)
        else:
            self._plain("/".join(parts), body)

    def _plain(self, path: str, body: bytes) -> None:
        if path == "api/validate-yaml":
            self._validate(json.loads(body)["content"])
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._json({"error": "Invalid credentials"}, 401)
        elif path == "api/whoami-v2":
            access = {"type": "access_token", "accessToken": {"displayName": "tests", "role": "write"}}
            self._json({"type": "user", "name": "tester", "fullname": "Tester", "orgs": [], "auth": access})
        elif path == "api/repos/create":
            self._create(json.loads(body))
        else:
            self._json({"error": "Not Found"}, 404)

    def _create(self, asked: dict[str, Any]) -> None:
        name = f"{asked.get('organization') or 'tester'}/{asked['name']}"
        url = f"{self.hub.url}/datasets/{name}"
        if name.startswith("forbidden/"):
            self._json({"error": "You don't have the rights to create a dataset under this namespace"}, 403)
            return
        if name in self.hub.repos:
            self._json({"error": "You already created this dataset repo", "url": url}, 409)
            return
        private = asked.get("private") or asked.get("visibility") == "private"
        repo = self.hub.repos[name] = Repo(private=bool(private))
        repo.files[".gitattributes"] = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"
        repo.commit()
        self._json({"url": url, "name": name})

    def _validate(self, content: str) -> None:
        errors = []
        try:
            head = yaml.safe_load(content.split("---\n")[1])
            if not isinstance(head.get("license"), str | list):
                errors.append({"message": '"license" is required'})
        except (yaml.YAMLError, IndexError, AttributeError):
            errors.append({"message": "the front matter is not YAML"})
        self._json({"errors": errors, "warnings": []}, 400 if errors else 200)

    def _dataset(self, name: str, rest: list[str], body: bytes) -> None:
        repo = self.hub.repos.get(name)
        if repo is None:
            self._json({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})
        elif not rest:
            self._json(self._info(name, repo))
        elif rest[0] == "revision":
            self._json(self._info(name, repo.at("/".join(rest[1:]))))
        elif rest[0] == "branch":
            repo.branch("/".join(rest[1:]))
            self._json({})
        elif rest[0] == "preupload":
            asked = json.loads(body)["files"]
            self._json({"files": [self._upload_mode(repo, file["path"], file["size"]) for file in asked]})
        elif rest[0] == "commit":
            self._commit(name, repo.at(rest[1]), body)
        elif rest[0] == "tree":
            self._tree(repo.at(rest[1]), "/".join(rest[2:]))
        elif rest[0] == "paths-info":
            asked = json.loads(body)["paths"] if body.startswith(b"{") else []
            self._json([self._listed(repo, path) for path in asked if path in repo.files])
        elif rest[0] == "refs":
            heads = {"main": repo, **repo.branches}
            listed = [
                {"name": each, "ref": f"refs/heads/{each}", "targetCommit": one.commits[-1]}
                for each, one in heads.items()
            ]
            self._json({"branches": listed, "converts": [], "tags": []})
        else:
            self._json({"error": "Not Found"}, 404, {"X-Error-Code": "EntryNotFound"})

    def _info(self, name: str, repo: Repo) -> dict[str, Any]:
        _, _, head = repo.files.get("README.md", b"").decode().partition("---\n")
        card = yaml.safe_load(head.partition("---\n")[0])
        return {
            **({"cardData": card} if isinstance(card, dict) else {}),
            "_id": "0" * 24,
            "id": name,
            "author": name.split("/", maxsplit=1)[0],
            "sha": repo.commits[-1],
            "lastModified": DATE,
            "createdAt": DATE,
            "private": repo.private,
            "gated": False,
            "disabled": False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "siblings": [{"rfilename": path} for path in sorted(repo.files)],
        }

    def _upload_mode(self, repo: Repo, path: str, size: int) -> dict[str, Any]:
        large = self.hub.lfs and (path.endswith(".parquet") or size > 10 * 2**20)
        answer = {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False}
        return answer | ({"oid": self._oid(repo, path)} if path in repo.files else {})

    def _oid(self, repo: Repo, path: str) -> str:
        content = repo.files[path]
        if path in repo.lfs:
            return hashlib.sha256(content).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    def _listed(self, repo: Repo, path: str) -> dict[str, Any]:
        size = len(repo.files[path])
        lfs = {"oid": self._oid(repo, path), "size": size, "pointerSize": 130} if path in repo.lfs else None
        blob = hashlib.sha1(path.encode()).hexdigest() if lfs else self._oid(repo, path)
        return {"type": "file", "path": path, "size": size, "oid": blob} | ({"lfs": lfs} if lfs else {})

    def _tree(self, repo: Repo, under: str) -> None:
        start = f"{under}/" if under else ""
        paths = [path for path in sorted(repo.files) if path.startswith(start)]
        if under and not paths:
            self._json({"error": "Entry not found"}, 404, {"X-Error-Code": "EntryNotFound"})
            return
        folders = sorted({path.rpartition("/")[0] for path in paths} - {"", under})
        listed = [{"type": "directory", "path": folder, "size": 0, "oid": "0" * 40} for folder in folders]
        self._json([*listed, *(self._listed(repo, path) for path in paths)])

    def _commit(self, name: str, repo: Repo, body: bytes) -> None:
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        if self.hub.interloper:
            self.hub.interloper = False
            repo.files["theirs.txt"] = b"work of somebody else"
            repo.commit()
        parent = next(line["value"].get("parentCommit") for line in lines if line["key"] == "header")
        if parent is not None and parent != repo.commits[-1]:
            self._json({"error": "A commit has happened since. Please refresh and try again."}, 412)
            return
        pull_request = {}
        if "create_pr=1" in urlsplit(self.path).query:
            number = len(repo.branches) + 1
            repo = repo.branch(f"refs/pr/{number}")
            pull_request = {"pullRequestUrl": f"{self.hub.url}/datasets/{name}/discussions/{number}"}
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                repo.files[value["path"]] = base64.b64decode(value["content"])
                repo.lfs.discard(value["path"])
            elif line["key"] == "lfsFile":
                repo.files[value["path"]] = self.hub.blobs[value["oid"]]
                repo.lfs.add(value["path"])
            elif line["key"] == "deletedFile":
                del repo.files[value["path"]]
        oid = repo.commit()
        url = f"{self.hub.url}/datasets/{name}/commit/{oid}"
        self._json({"success": True, "commitOid": oid, "commitUrl": url, "hookOutput": ""} | pull_request)

    def _lfs_batch(self, asked: dict[str, Any]) -> None:
        objects = []
        for wanted in asked["objects"]:
            answer = {"oid": wanted["oid"], "size": wanted["size"]}
            if wanted["oid"] not in self.hub.blobs:
                href = f"{self.hub.url}/lfs/{wanted['oid']}"
                answer["actions"] = {"upload": {"href": href, "header": {}}}
            objects.append(answer)
        self._json({"transfer": "basic", "objects": objects})

    def _store(self, oid: str, body: bytes) -> None:
        right = hashlib.sha256(body).hexdigest() == oid
        if right:
            self.hub.blobs[oid] = body
        self._send(b"", 200 if right else 400)

    def _resolve(self, name: str, revision: str, path: str) -> None:
        repo = self.hub.repos.get(name)
        repo = repo.at(revision) if repo else None
        if repo is None or path not in repo.files:
            code = "EntryNotFound" if repo else "RepoNotFound"
            self._json({"error": "Not found"}, 404, {"X-Error-Code": code})
            return
        content, oid = repo.files[path], self._oid(repo, path)
        headers = {"X-Repo-Commit": repo.commits[-1], "ETag": f'"{oid}"', "Accept-Ranges": "bytes"}
        if path in repo.lfs:
            headers |= {"X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(content))}
        wanted = self.headers.get("Range", "")
        if not wanted.startswith("bytes="):
            self._send(content, 200, headers)
            return
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(content) - int(last))
        end = min(int(last), len(content) - 1) if first and last else len(content) - 1
        span = f"bytes {start}-{end}/{len(content)}"
        self._send(content[start : end + 1], 206, headers | {"Content-Range": span})

    def _json(self, answer: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        told = {"Content-Type": "application/json"} | (headers or {})
        if status in (429, 503):
            told["Retry-After"] = self.hub.retry_after
        self._send(json.dumps(answer).encode(), status, told)

    def _send(self, body: bytes, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
