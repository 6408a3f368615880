"""Which files there are, and what is known of each: from its metadata, from options, else detected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.document import MASK, mask
from ingest.language import main_language
from ingest.private import private_spans
from ingest.readers import sha256_of
from ingest.references import plan_id
from ingest.wording import Wording
from kg.errors import ExtractionError, GvppError, MetadataError, SourceError
from kg.model import Extracted, Source
from kg.vocabulary import Vocabulary

EXTENSIONS = ("txt", "md", "pdf", "docx", "html", "htm")
# Kinds of documents that are not read: one of them in a corpus folder is a mistake to tell; other files are passed over.
OTHER = re.compile(r"docm?|dotx?|od[pst]|pages|pptx?|xlsx?|xml|xhtml|rtf|epub|eml|msg|zip|jpe?g|png|tiff?")
LANGUAGES = ("nl", "fr")
FILE_NAME = re.compile(r"(?P<id>[a-z0-9][a-z0-9-]{0,99})\.(?P<lang>[a-z]{2})\.(?P<ext>[a-z0-9]+)")
RESERVED = ("vocabulary", "findings", "suggested", "judgements", "restricted")  # graphs beside those of documents
KEYS: Mapping[str, type] = {
    "title": dict,
    "genre": str,
    "publisher": str,
    "issued": str,
    "period": str,
    "year": int,
    "lang": str,
    "plan": str,
    "rights": str,
    "page_opens": str,
    "files": dict,
    "minimum": dict,
}
MINIMUMS = ("measures", "themes", "initiatives", "figures", "grants", "recommendations", "parts", "abbreviations", "passages")
KINDS = {dict: "a table", str: "text in quotes", int: "a whole number"}
GENRES = ("plan", "report", "fiche", "resolution")
PERIOD = re.compile(r"(?<!\d)(20\d\d)\s?[-–/]\s?(20\d\d|\d\d)(?!\d)")
OF_PLAN = re.compile(r"(?:plan|\b(?:gvpp|gpvp|pgsp))\b[^.;]*$", re.IGNORECASE)
PLAN = re.compile(r"gvpp-20\d\d-20\d\d")
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
    """Files named {document-id}.{lang}.{ext} in the folders (not below them), and what is wrong with the others.

    Raises SourceError for a folder that cannot be read: to go on without it would take all its documents out.
    """
    found: dict[str, Found] = {}
    errors: list[GvppError] = []
    for folder in folders:
        for path in _files(folder):
            match = FILE_NAME.fullmatch(path.name)
            extension = path.suffix.lstrip(".").lower()
            if match is None and extension not in EXTENSIONS and not OTHER.fullmatch(extension):
                continue
            if wrong := _wrong_name(path, match):
                errors.append(wrong)
                continue
            assert match is not None
            item = Found(path, match["id"], match["lang"], _hash(path), metadata_of(folder, match["id"]))
            if item.key in found:
                errors.append(
                    SourceError(
                        f"the id {item.document!r} is used twice for language {item.lang!r}",
                        where=f"{path} and {found[item.key].path}",
                        remedy="rename or remove one of the two; the one named last was used",
                    )
                )
                continue
            found[item.key] = item
    return list(found.values()), errors


def _files(folder: Path) -> list[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        what = (
            "does not exist" if not folder.exists() else "is a file" if folder.is_file() else f"cannot be read: {error.strerror}"
        )
        raise SourceError(
            f"the corpus folder {what}", where=str(folder), remedy="name a folder that holds documents; nothing was changed"
        ) from error
    ignored = (".", "~", "README", "LICENSE")
    return [path for path in paths if not path.name.upper().startswith(ignored) and not path.is_dir()]


def _hash(path: Path) -> str:
    """Hash of the content, "" for a file that cannot be read: reading it for its text will say why."""
    try:
        return sha256_of(path)
    except SourceError:
        return ""


def _wrong_name(path: Path, match: re.Match[str] | None) -> SourceError | None:
    if match is None:
        what, remedy = (
            "the file name is not {document-id}.{lang}.{ext}",
            "rename it, for instance jaarverslag-2025.nl.pdf, or use `gvpp ingest`",
        )
    elif match["ext"] not in EXTENSIONS:
        what, remedy = f"files of the kind .{match['ext']} are not read", "save it as one of " + ", ".join(EXTENSIONS)
    elif match["lang"] not in LANGUAGES:
        what, remedy = (
            f"{match['lang']!r} in the file name is no language that is understood",
            "give a Dutch (nl) or French (fr) document",
        )
    elif match["id"] in RESERVED:
        what, remedy = f"the id {match['id']!r} is reserved", "give the document another id"
    else:
        return None
    return SourceError(what, where=str(path), remedy=remedy)


def metadata_of(folder: Path, document: str) -> Path | None:
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

    if given.get("lang") != found.lang:
        check_language(main_language(extracted.text, found.lang), found.lang, found.path)
    title = or_detect("title", {} if given.get("title") else {found.lang: _title(extracted, found.document, wording)})
    named = " ".join([found.document, *title.values()])
    genre = or_detect("genre", _genre(named, head, wording))
    if not genre:
        raise ExtractionError(
            "the genre cannot be told from its name or title",
            where=str(found.path),
            remedy="give genre = plan, report, fiche or resolution in its metadata, or --genre",
        )
    period = (
        PERIOD.search(given.get("period", ""))
        or PERIOD.search(found.document)
        or PERIOD.search(" ".join(title.values()))
        or (_period_of_plan(head) if genre == "plan" else None)
    )
    year_match = YEAR.search(found.document) or YEAR.search(" ".join(title.values())) or YEAR.search(head)
    years = plan_id(*period.groups()).split("-")[1:] if period else list(year_match.groups()) if year_match else []
    year = or_detect("year", int(years[0 if genre == "plan" else -1]) if years else None)
    edition = plan_id(*period.groups()) if genre == "plan" and period else vocabulary.plan_in_force(year)
    if genre == "plan" and not given.get("plan", edition):
        raise SourceError(
            "the period of this plan cannot be told from its name or title",
            where=str(found.path),
            remedy="give plan = gvpp-YYYY-YYYY in its metadata, or a title with the years",
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
        detected=tuple(detected),
    )


def check_language(language: str, expected: str, path: Path) -> None:
    """SourceError where a text is in another language than Dutch or French, or than its file name says."""
    if language not in LANGUAGES:
        raise SourceError(
            f"the text seems to be in {language!r}; only Dutch and French documents are understood",
            where=str(path),
            remedy="give a Dutch or French version; if the detection is wrong, say lang in its metadata, or --lang",
        )
    if language != expected:
        raise SourceError(
            f"the file name says {expected!r}, and the text seems to be in {language!r}",
            where=str(path),
            remedy="correct the name; if the detection is wrong, say lang in its metadata, or --lang",
        )


def _period_of_plan(head: str) -> re.Match[str] | None:
    """The first period that is the plan's: alone on its line, or said after the plan. Others' periods are not: a coalition
    agreement, a budget."""
    for match in PERIOD.finditer(head):
        line = head[head.rfind("\n", 0, match.start()) + 1 : match.end()].strip()
        alone = line == match.group() and not head[match.end() :].partition("\n")[0].strip(" *|")
        if alone or OF_PLAN.search(head[max(0, match.start() - 80) : match.start()]):
            return match
    return None


def _title(extracted: Extracted, document: str, wording: Wording) -> str:
    """The first heading, else the first line with words, with the lines of the cover that it goes on in; one with personal data
    is passed over, since titles are public. A text that begins with one of its parts (a foreword) has no title in it."""
    text = mask(extracted.text, private_spans(extracted.text, ()))
    marked = [text[heading.start : heading.end] for heading in extracted.headings]
    lines = text.splitlines()
    for number, line in enumerate([*marked, *lines], -len(marked)):
        words = _words_of(line)
        if sum(c.isalpha() for c in words) <= 5 or MASK in words:
            continue
        if number >= 0:
            words = _whole_title(words, [_words_of(after) for after in lines[number + 1 : number + 8]])
        return document if wording.section(words) in ("preface", "contents") else words[:160]
    return document


def _words_of(line: str) -> str:
    return " ".join(line.replace("**", "").split()).strip("|–• ").removeprefix("-").strip()


def _whole_title(words: str, following: list[str]) -> str:
    """A title with what the lines of a cover say below: the rest of a broken line, and the year or period."""
    for after in following:
        if not after:
            if words.endswith("-"):
                break
            continue
        broken = words.endswith("-") or (after[0].islower() and len(after) < 80)
        period = re.fullmatch(r"20\d\d(?:\s?[-–/]\s?(?:20)?\d\d)?", after)
        if not broken and not (period and not YEAR.search(words)):
            break
        glued = words.endswith("-") and not re.match(r"(?:en|et|of|ou)\b", after)
        words = words[:-1] + after if glued and after[0].islower() else f"{words} {after}"
    return words.rstrip("-– ")


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
    """A metadata file; MetadataError, which names the key, for a key or value that is not known."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="correct the line it names") from error

    def wrong(what: str, key: str, remedy: str) -> MetadataError:
        return MetadataError(what, where=f"{path}, key {key!r}", remedy=remedy)

    for key, value in raw.items():
        if key not in KEYS:
            raise wrong(f"unknown key {key!r}", key, "known keys: " + ", ".join(sorted(KEYS)))
        if not isinstance(value, KEYS[key]) or isinstance(value, bool):
            raise wrong(f"{key!r} has a value of the wrong kind", key, f"give {KINDS[KEYS[key]]}")
    for lang, title in raw.get("title", {}).items():
        if lang not in (*LANGUAGES, "en") or not isinstance(title, str) or not title.strip():
            raise wrong(f"title.{lang} is no title in a known language", "title", "give title.nl and title.fr as text in quotes")
    for name, least in raw.get("minimum", {}).items():
        if name not in MINIMUMS or not isinstance(least, int) or isinstance(least, bool):
            raise wrong(
                f"minimum.{name} is no count that is known", "minimum", "known: " + ", ".join(MINIMUMS) + ", each a whole number"
            )
    if raw.get("genre", "plan") not in GENRES:
        raise wrong(f"unknown genre {raw['genre']!r}", "genre", "known genres: " + ", ".join(GENRES))
    if raw.get("lang", "nl") not in LANGUAGES:
        raise wrong(f"unknown language {raw['lang']!r}", "lang", "known languages: " + ", ".join(LANGUAGES))
    if not PLAN.fullmatch(raw.get("plan", "gvpp-2000-2000")):
        raise wrong(f"{raw['plan']!r} is no plan", "plan", "write it as gvpp-2021-2024")
    try:
        re.compile(raw.get("page_opens", ""))
    except re.error as error:
        raise wrong(f"page_opens is no regular expression: {error}", "page_opens", "correct it") from error
    return raw
