"""Settings: defaults, then `gvpp.toml` in the working folder, then GVPP_* variables; the later one wins.

A key that is not known in `gvpp.toml` is an error, since a mistyped setting that is silently ignored costs an afternoon.
Unknown GVPP_* variables are left alone: an environment is shared with other programs.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kg.errors import MetadataError
from kg.names import DEFAULT_BASE

FILE = "gvpp.toml"
MAIL = re.compile(r"[A-Za-z0-9.!_+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Settings:
    """data: folder of everything that is built; base: start of every IRI, http(s), without a final slash;
    corpus: folders that a build reads (their `sources/*.toml` and documents); encoder: what makes vectors of text (see
    `kg.encoder.load_encoder`), or "none" to search by words alone; contact: where people report errors, an e-mail address or
    an https address, "" where there is none."""

    data: Path = Path(".gvpp")
    base: str = DEFAULT_BASE
    corpus: tuple[Path, ...] = (Path("corpus"),)
    encoder: str = "embedded"
    contact: str = ""


def _folder(value: Any, folder: Path) -> Path:
    """A path; a relative one counts from the folder of the file that names it."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be the path of a folder")
    return folder / Path(value).expanduser()


def _folders(value: Any, folder: Path) -> tuple[Path, ...]:
    """A list of paths; one text (as in a variable) is split at the path separator of the system."""
    items = [item for item in value.split(os.pathsep) if item.strip()] if isinstance(value, str) else value
    if not isinstance(items, list) or not items:
        raise ValueError("must be a list of paths of folders, not empty")
    return tuple(_folder(item, folder) for item in items)


def _base(value: Any, folder: Path) -> str:
    """The base IRI without its final slash."""
    if not isinstance(value, str):
        raise ValueError("must be a text that begins with http:// or https://")
    base = value.strip().rstrip("/")
    parts = urlsplit(base)
    forbidden = any(c <= " " or c in '<>"{}|\\^`?#' for c in base)
    if parts.scheme not in ("http", "https") or not parts.hostname or forbidden:
        raise ValueError("must begin with http:// or https:// and a host, without spaces, '?' and '#'")
    return base


def _encoder(value: Any, folder: Path) -> str:
    """The name of an encoder; whether there is one of that name shows when it is loaded."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError('must be "embedded", "none" or "transformers:NAME-OR-FOLDER"')
    return value.strip()


def _contact(value: Any, folder: Path) -> str:
    """An address that a page may link to as it stands."""
    text = value.strip() if isinstance(value, str) else ""
    web = text.startswith("https://") and urlsplit(text).hostname and not any(c <= " " or c in '<>"{}|\\^`' for c in text)
    if not web and not MAIL.fullmatch(text):
        raise ValueError("must be an e-mail address, or an address that begins with https://")
    return text


READERS: dict[str, Callable[[Any, Path], Any]] = {
    "data": _folder,
    "base": _base,
    "corpus": _folders,
    "encoder": _encoder,
    "contact": _contact,
}


def load_settings(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force for a working folder (default: the current one) and an environment (default: that of the process).

    Raises MetadataError naming the file or variable, the key and what is allowed.
    """
    folder = Path() if folder is None else folder
    environ = os.environ if environ is None else environ
    changes: dict[str, Any] = {}
    file = folder / FILE
    for key, value in _read(file).items():
        if key not in READERS:
            raise MetadataError(f"unknown key {key!r}", where=str(file), remedy=f"allowed keys: {', '.join(READERS)}")
        changes[key] = _checked(key, value, folder, f"{file}, key {key!r}")
    for key in READERS:
        variable = f"GVPP_{key.upper()}"
        if given := environ.get(variable, ""):  # an empty variable counts as not set
            changes[key] = _checked(key, given, Path(), variable)
    return replace(Settings(), **changes)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(file), remedy="correct the file or remove it") from error


def _checked(key: str, value: Any, folder: Path, where: str) -> Any:
    try:
        return READERS[key](value, folder)
    except ValueError as error:
        raise MetadataError(f"{key} {error}", where=where, remedy=f"the value now is {value!r}") from error
