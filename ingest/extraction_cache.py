"""The cache of extractions in the data folder: one file for each, named by the key of its inputs."""

from __future__ import annotations

import contextlib
import os
import pickle
import tempfile
from pathlib import Path

from kg.model import Extraction


def cached(cache: Path, key: str) -> Extraction | None:
    """An extraction from the cache, None when it is not there or damaged. The cache is this user's own folder, mode 0700."""
    if not key:
        return None
    try:
        value = pickle.loads((cache / f"{key}.pickle").read_bytes())
    except Exception:  # what a damaged pickle raises is not defined
        return None
    return value if isinstance(value, Extraction) else None


def keep(cache: Path, key: str, extraction: Extraction) -> None:
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=cache, suffix=".pickle")  # what a killed process leaves goes with the stale ones
    try:
        with os.fdopen(handle, "wb") as file:
            pickle.dump(extraction, file, protocol=pickle.HIGHEST_PROTOCOL)
        Path(name).replace(cache / f"{key}.pickle")
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
