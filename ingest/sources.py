"""Which files there are, and what is known of each: from its metadata, from options, else detected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.language import main_language
from ingest.readers import sha256_of
from ingest.references import plan_id
from ingest.wording import Wording
from kg.errors import GvppError, MetadataError, SourceError
from kg.model import Extracted, Source
from kg.names import slug
from kg.vocabulary import Vocabulary

EXTENSIONS = ("txt", "md", "pdf", "docx", "html", "htm")
FILE_NAME = re.compile(r"(?P<id>[a-z0-9][a-z0-9-]*)\.(?P<lang>[a-z]{2})\.(?P<ext>[a-z]+)")
KEYS = frozenset({"title", "genre", "publisher", "issued", "period", "year", "plan", "rights", "page_opens", "files", "minimum"})
GENRES = ("plan", "report", "fiche", "resolution")
PERIOD = re.compile(r"(?<!\d)(20\d\d)\s?[-–/]\s?(20\d\d|\d\d)(?!\d)")
YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
SHIPPED = Path(__file__).resolve().parent.parent / "corpus" / "sources"


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a corpus with its id and language, the hash of its content, and its metadata file if it has one."""

    path: Path
    document: str
    lang: str
    sha256: str
    metadata: Path | None

    @property
    def key(self) -> str:
        return f"{self.document}.{self.lang}"


def find_sources(folders: Iterable[Path]) -> tuple[list[Found], list[GvppError]]:
    """Files named {document-id}.{lang}.{ext} in the folders (not below them), and what is wrong with the others."""
    found: dict[str, Found] = {}
    errors: list[GvppError] = []
    for folder in folders:
        if not folder.is_dir():
            errors.append(SourceError("corpus folder does not exist", where=str(folder), remedy="name an existing folder"))
            continue
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.is_dir() or path.name.upper().startswith(("README", "LICENSE")):
                continue
            match = FILE_NAME.fullmatch(path.name)
            if match is None or match.group("ext") not in EXTENSIONS:
                if path.suffix.lstrip(".").lower() in EXTENSIONS:
                    errors.append(
                        SourceError(
                            "file name is not {document-id}.{lang}.{ext}",
                            where=str(path),
                            remedy="rename it, for instance jaarverslag-2025.nl.pdf, or use `gvpp ingest`",
                        )
                    )
                continue
            try:
                item = Found(path, match.group("id"), match.group("lang"), sha256_of(path), _metadata_of(folder, match.group("id")))
            except GvppError as error:
                errors.append(error)
                continue
            if item.key in found:
                errors.append(
                    SourceError(
                        f"the id {item.document!r} is used twice for language {item.lang!r}",
                        where=f"{path} and {found[item.key].path}",
                        remedy="rename or remove one of the two; the first was used",
                    )
                )
                continue
            found[item.key] = item
    return list(found.values()), errors


def _metadata_of(folder: Path, document: str) -> Path | None:
    """Metadata beside the file first, then those that come with the product."""
    for place in (folder / "sources", SHIPPED):
        file = place / f"{document}.toml"
        if file.is_file():
            return file
    return None


def describe(found: Found, extracted: Extracted, wording: Wording, vocabulary: Vocabulary) -> Source:
    """The source with everything known of it; what its metadata leave out is detected from its name and text."""
    given = read_metadata(found.metadata) if found.metadata else {}
    detected: list[str] = []
    head = extracted.text[:6000]

    def or_detect(name: str, value: Any) -> Any:
        if given.get(name) not in (None, ""):
            return given[name]
        if value not in (None, "", {}):
            detected.append(name)
        return value

    language = main_language(extracted.text)
    if language not in ("nl", "fr"):
        raise SourceError(
            f"the text seems to be in {language!r}; only Dutch and French documents are understood",
            where=str(found.path),
            remedy="give a Dutch or French version, or --lang if the detection is wrong",
        )
    title = or_detect("title", {found.lang: _title(extracted, found.document)})
    named = " ".join([found.document, *title.values()])
    genre = or_detect("genre", _genre(named, head, wording))
    if genre not in GENRES:
        raise SourceError(
            "the genre cannot be told from its name or title" if not genre else f"unknown genre {genre!r}",
            where=str(found.path),
            remedy="give genre = plan, report, fiche or resolution in its metadata, or --genre",
        )
    period = PERIOD.search(found.document) or PERIOD.search(" ".join(title.values())) or (PERIOD.search(head) if genre == "plan" else None)
    year_match = YEAR.search(found.document) or YEAR.search(" ".join(title.values())) or YEAR.search(head)
    year = or_detect("year", int(period.group(1)) if period else int(year_match.group(1)) if year_match else None)
    edition = plan_id(period.group(1), period.group(2)) if genre == "plan" and period else vocabulary.plan_in_force(year)
    if genre == "plan" and not edition:
        raise SourceError(
            "the period of this plan cannot be told from its name or title", where=str(found.path), remedy="give plan = gvpp-YYYY-YYYY"
        )
    return Source(
        path=found.path,
        sha256=found.sha256,
        document=found.document,
        lang=found.lang,
        genre=genre,
        title=title,
        year=year,
        plan=or_detect("plan", edition) or None,
        publisher=given.get("publisher", ""),
        issued=str(given.get("issued", "")),
        period=given.get("period", ""),
        rights=given.get("rights", ""),
        page_opens=given.get("page_opens", ""),
        minimum=given.get("minimum", {}),
        detected=tuple(detected) + (("lang",) if language != found.lang else ()),
    )


def with_options(source: Source, **options: Any) -> Source:
    """The source with what the caller gave instead of what was detected."""
    given = {name: value for name, value in options.items() if value}
    kept = tuple(name for name in source.detected if name not in given)
    return replace(source, **given, detected=kept)


def _title(extracted: Extracted, document: str) -> str:
    if extracted.headings:
        first = extracted.headings[0]
        return " ".join(extracted.text[first.start : first.end].split())
    for line in extracted.text.splitlines():
        text = " ".join(line.replace("**", "").split()).strip("|-–• ")
        if sum(c.isalpha() for c in text) > 5:
            return text[:160]
    return document


def _genre(named: str, head: str, wording: Wording) -> str:
    if re.match(r"(?:gvpp|pgsp|gpvp)-\d{4}-\d{2,4}\b", named):
        return "plan"
    genre = wording.genre(named)
    if genre:
        return genre
    for line in head.splitlines()[:30]:
        genre = wording.genre(line) if len(line) < 120 else ""
        if genre:
            return genre
    return ""


def read_metadata(path: Path) -> Mapping[str, Any]:
    """A metadata file; MetadataError for a key or value that is not known."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="correct the line it names") from error
    for key in raw:
        if key not in KEYS:
            raise MetadataError(f"unknown key {key!r}", where=str(path), remedy="known keys: " + ", ".join(sorted(KEYS)))
    types: dict[str, type | tuple[type, ...]] = {"title": dict, "minimum": dict, "files": dict, "year": int}
    for key, value in raw.items():
        if not isinstance(value, types.get(key, (str, int))):
            raise MetadataError(f"{key!r} has a value of the wrong kind", where=str(path), remedy="compare with another metadata file")
    if raw.get("genre", "plan") not in GENRES:
        raise MetadataError(f"unknown genre {raw['genre']!r}", where=str(path), remedy="known genres: " + ", ".join(GENRES))
    if "page_opens" in raw:
        try:
            re.compile(raw["page_opens"])
        except re.error as error:
            raise MetadataError(f"page_opens is no regular expression: {error}", where=str(path), remedy="correct it") from error
    return raw


def document_id(name: str) -> str:
    """A document id for a file that is ingested under another name."""
    return slug(name)
