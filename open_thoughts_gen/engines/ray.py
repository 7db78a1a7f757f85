"""Run pure verbs on a Ray cluster: the engine `ray` (https://docs.ray.io), with the extra `open-thoughts-gen[ray]`.

    python -m open_thoughts_gen run recipe.yaml --engine ray --address HOST:PORT

Rows go out in batches as blocks of a Ray Data set, whose streaming executor hands them to whatever node has a free
core, and come back in order. As much is in the object store at once as a quarter of it holds. A node or a worker that
dies costs time: Ray does its batches again, on another one, up to three times, and what the function makes of a row is
the same there. What is not worth spreading (`trial`) is done in this process. Model teachers are asked from every node
(`shards`), with one budget and one cache, here.

This process has to be on a node of the cluster (any), and the same version of this package on every node. Ray's own
reports of its use are off unless `RAY_USAGE_STATS_ENABLED=1` asks for them; the same variable counts where the cluster
is started. Ray runs whatever anybody sends who reaches its ports: keep them closed, or its tokens on.
"""

from __future__ import annotations

import itertools
import logging
import os
import pickle
import socket
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from open_thoughts_gen import plugin
from open_thoughts_gen.engines.shards import Actors, Shards
from open_thoughts_gen.engines.trial import Trial
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.plugin import Teacher
from open_thoughts_gen.sandbox.workers import ALONE
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import Request, Trace
from open_thoughts_gen.version import VERSION

if TYPE_CHECKING:
    import pyarrow as pa

Row = TypeVar("Row")
Result = TypeVar("Result")

TRIAL = Trial(trial_s=1.0, worth_s=10.0, batch_s=1.0)  # the first batch waits some seconds for worker processes
AHEAD = 32  # batches a core in one set: what stands between two sets is the time of starting one
STORE_SHARE = 0.25
MAX_RETRIES = 3  # of a batch whose worker died
CONNECT_S = 5.0
LOCAL = ("localhost", "127.0.0.1", "::1")


class Ray:
    """The cluster that this process has joined."""

    def __init__(self, address: str = "auto", trial: Trial = TRIAL) -> None:
        """Join the cluster at HOST:PORT, or `auto` for the one that this machine belongs to.

        Raises:
            UserError: Ray is not installed, there is no such cluster, or it has other versions.

        """
        self._trial = trial
        self._ray = _ray()
        self._joined = not self._ray.is_initialized()
        if self._joined:
            head = _address_of(self._ray, address)
            try:
                self._ray.init(address=head, log_to_driver=False, logging_level=logging.CRITICAL)
            except (self._ray.exceptions.RayError, ConnectionError, RuntimeError, ValueError, OSError) as error:
                fault = f"the Ray cluster at {head} cannot be joined: {shorten(str(error), 300)}"
                hint = f"make this machine a node of it (ray start --address={head}), "
                hint += "with the same versions of Python and Ray"
                raise UserError(Fault(fault, hint=hint)) from error
        self._actors = Actors(self._ray)

    def __enter__(self) -> Self:
        """Return the engine."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave the cluster."""
        self.close()

    def close(self) -> None:
        """Leave the cluster; what still runs for this process there is ended."""
        if self._joined:
            self._ray.shutdown()

    def map(self, function: Callable[[Sequence[Row]], Iterable[Result]], rows: Iterable[Row]) -> Iterator[Result]:
        """Yield what the function makes of the rows, in order.

        Raises:
            UserError: a batch ended its worker several times, or a node lacks what the work needs.

        """
        left = yield from self._trial.begin(function, rows)
        for batch in left:
            cloudpickle: Any = self._ray.cloudpickle
            sent = self._ray.put((VERSION, plugin.looked_in(), cloudpickle.dumps(function)))
            resources = self._ray.cluster_resources()
            most_bytes = STORE_SHARE * resources.get("object_store_memory", 0)
            num = int(AHEAD * resources.get("CPU", 1))
            for window in _windows(itertools.chain([batch], left), most_bytes, num):
                yield from self._done(sent, window)

    def traces(self, teacher: Teacher, requests: Iterable[Request]) -> Iterator[Trace]:
        """Return a trace per request, in any order, asked for on every node, or here if it cannot be shared."""
        if not teacher.shares(1):
            return teacher.traces(requests)
        return Shards(self._actors, teacher).traces(requests)

    def _done(self, sent: object, window: list[pa.Table]) -> Iterator[Any]:
        """Yield the results of some batches, by a Ray Data set that has them as its blocks."""
        from ray.exceptions import RayError

        rows = self._ray.data.from_arrow(window)
        rows.context.execution_options.preserve_order = True
        # In a list: a reference by itself would be resolved again for each batch.
        with warnings.catch_warnings(action="ignore"):  # of `ray_remote_args_fn`, which goes with Ray 2.64
            done = rows.map_batches(
                _call, batch_size=None, batch_format="pyarrow", fn_kwargs={"sent": [sent]}, num_cpus=1,
                ray_remote_args_fn=partial(dict, max_retries=MAX_RETRIES),  # Ray Data itself would try for ever
            )  # fmt: skip
        try:
            for block in done.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1):
                for result in block["results"]:
                    results, failure = pickle.loads(result.as_buffer())  # noqa: S301  (a worker of ours packed it)
                    if failure is not None:
                        raise failure
                    yield from results
        except RayError as error:
            cause = str(getattr(error, "cause", None) or error)
            hint = "see that its nodes have memory and this package; --engine local may show the cause"
            raise UserError(Fault(f"the cluster gave up a batch: {shorten(cause, 200)}", hint=hint)) from error


def _ray() -> ModuleType:
    """Return Ray, quiet."""
    # Read when it is imported. The second keeps the logs of a node that died, hundreds of lines, off the screen.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")
    try:
        import ray
        import ray.data
    except ImportError as error:
        fault = f"the engine ray needs the package {error.name or 'ray'!r}, which is not installed"
        raise UserError(Fault(fault, hint="pip install 'open-thoughts-gen[ray]', here and on every node")) from error
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is raised
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    return ray


def _address_of(ray: ModuleType, address: str) -> str:
    """Return HOST:PORT of the cluster; Ray itself would wait for minutes for one that is not there."""
    if address.startswith("ray://"):
        fault = "the engine ray cannot be driven from outside the cluster (ray://)"
        raise UserError(
            Fault(fault, hint="run on one of its nodes, or by `ray job submit`, and give HOST:PORT or auto")
        )
    if address == "auto":
        note = Path(os.environ.get("RAY_TMPDIR", "/tmp"), "ray", "ray_current_cluster")  # noqa: S108  (Ray's own)
        try:
            address = os.environ.get("RAY_ADDRESS") or note.read_text("utf-8").strip()
        except OSError:
            hint = "start one (ray start --head), or name its --address"
            raise UserError(Fault("no Ray cluster runs on this machine", hint=hint)) from None
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise UserError(Fault(f"{address!r} is not an address of a Ray cluster", hint="write HOST:PORT, or auto"))
    host = host.strip("[]")
    host = ray.util.get_node_ip_address() if host in LOCAL else host  # as Ray does
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_S).close()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        fault = f"no Ray cluster answers at {host}:{port}: {why}"
        raise UserError(Fault(fault, hint="start one (ray start --head), or name another with --address")) from error
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _windows(batches: Iterable[Sequence[object]], most_bytes: float, num: int) -> Iterator[list[pa.Table]]:
    """Yield the batches, packed, in lists of at most `num`, which end once they have `most_bytes`."""
    import pyarrow as pa

    window: list[pa.Table] = []
    for batch in batches:
        rows = pickle.dumps(batch, pickle.HIGHEST_PROTOCOL)
        window.append(pa.table({"rows": pa.array([rows], pa.large_binary())}))
        if len(window) >= num or sum(table.nbytes for table in window) >= most_bytes:
            yield window
            window = []
    if window:
        yield window


def _call(block: pa.Table, sent: list[Any]) -> pa.Table:
    """Do the batches of one block: a worker's side. What goes wrong is a result too, for the driver to raise."""
    import pyarrow as pa

    done: list[bytes] = []
    for rows in block["rows"]:
        try:
            results = list(_function(sent[0])(pickle.loads(rows.as_buffer())))  # noqa: S301  (the driver packed it)
            done.append(pickle.dumps((results, None), pickle.HIGHEST_PROTOCOL))
        except Exception as error:  # noqa: BLE001  (it is raised where the results are read)
            error.add_note(traceback.format_exc())
            done.append(pickle.dumps(([], error), pickle.HIGHEST_PROTOCOL))
    return pa.table({"results": pa.array(done, pa.large_binary())})


@lru_cache(maxsize=1)
def _function(sent: Any) -> Callable[[Sequence[Any]], Iterable[Any]]:  # noqa: ANN401  (an ObjectRef)
    """Return the function that was sent; it stays in this process, with what it has started, until another comes."""
    import ray

    os.environ[ALONE] = "1"
    version, folders, packed = ray.get(sent)
    if version != VERSION:
        fault = f"open-thoughts-gen is {version} where the run is, and {VERSION} on the node {socket.gethostname()}"
        raise UserError(Fault(fault, hint="install the same version on every node"))
    for folder in folders:
        plugin.look_in(folder)
    function: Callable[[Sequence[Any]], Iterable[Any]] = pickle.loads(packed)  # noqa: S301  (the driver packed it)
    return function
