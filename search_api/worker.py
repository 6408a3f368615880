"""A worker process: answers one query after another on a read-only store, until its socket closes or it is killed.

Started by `search_api.workers` as `python -m search_api.worker FD SETTINGS`. A message is two lengths (4 bytes each, network
order), a head in JSON, and a body. Its own alarm ends it when it has run longer than any query may, so that it does not outlive
a parent that died.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import socket
import struct
import sys
from typing import Any

import pyoxigraph as ox

from kg.errors import GvppError
from search_api.sparql_run import Answer, Job, Limits, run_query

HEAD = struct.Struct("!II")
GRACE = 5.0  # seconds over the time limit after which a worker ends itself


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    """A message as bytes."""
    written = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return HEAD.pack(len(written), len(body)) + written + body


def unpack_head(data: bytes) -> dict[str, Any]:
    """The head of a message."""
    found: dict[str, Any] = json.loads(data.decode("utf-8", "surrogatepass"))
    return found


def _read(stream: socket.socket, size: int) -> bytes:
    """Exactly so many bytes; EOFError where the other side has closed."""
    parts: list[bytes] = []
    while size:
        part = stream.recv(min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def receive(stream: socket.socket) -> tuple[dict[str, Any], bytes]:
    """The next message; EOFError where there is none."""
    head, body = HEAD.unpack(_read(stream, HEAD.size))
    return unpack_head(_read(stream, head)), _read(stream, body)


def answer(store: ox.Store, head: dict[str, Any], base: str, limits: Limits, generation: str) -> tuple[dict[str, Any], bytes]:
    """What to send back for one job: a result, or the parts of an error."""
    try:
        job = Job(
            text=head["text"],
            result=head["result"],
            graph=head["graph"],
            default_graphs=None if head["default_graphs"] is None else tuple(head["default_graphs"]),
            named_graphs=None if head["named_graphs"] is None else tuple(head["named_graphs"]),
            gzip=head["gzip"],
        )
        found: Answer = run_query(store, job, base, limits, generation)
    except GvppError as error:
        return error.as_dict(), b""
    except MemoryError:
        return {"error": "Exhausted", "what": "the query needs more memory than it may have", "where": "query", "remedy": ""}, b""
    return {"media_type": found.media_type, "generation": found.generation, "gzip": found.gzip}, found.body


def job_head(job: Job) -> dict[str, Any]:
    """A job as the head of a message."""
    return {
        "text": job.text,
        "result": job.result,
        "graph": job.graph,
        "default_graphs": job.default_graphs,
        "named_graphs": job.named_graphs,
        "gzip": job.gzip,
    }


def main(arguments: list[str]) -> None:
    """Serve one connection. FD: number of the open socket; SETTINGS: JSON with store, base, generation and limits."""
    stream = socket.socket(fileno=int(arguments[0]))
    settings = json.loads(arguments[1])
    limits = Limits(**settings["limits"])
    for ignored in (signal.SIGINT, signal.SIGTERM):  # a stop is for the server, which closes the socket when it is done
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (limits.memory, limits.memory))
    with contextlib.suppress(OSError):
        os.nice(5)  # the server answers first: it hands out work and must not wait for it
    try:
        store = ox.Store.read_only(settings["store"])
    except (OSError, RuntimeError) as error:
        sys.exit(f"{settings['store']}: {error}")
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        stream.sendall(pack({"ready": os.getpid()}))
        while True:
            head, _ = receive(stream)
            signal.setitimer(signal.ITIMER_REAL, limits.seconds + GRACE)
            reply, body = answer(store, head, settings["base"], limits, settings["generation"])
            signal.setitimer(signal.ITIMER_REAL, 0)
            stream.sendall(pack(reply, body))


if __name__ == "__main__":
    main(sys.argv[1:])
