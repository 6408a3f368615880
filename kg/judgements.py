"""Judgements: what people decided on links, as rows of CSV files that every build reads.

Columns: subject, property, object, verdict (accept or reject), who (a role or initials), when (YYYY-MM-DD), why. References
stand without the base, properties with their prefix. One judgement is one line: a wrong row costs itself and no other, and
a quotation that is never closed does not swallow the rest of the file. What can be judged at all stands in ontology/judging.toml.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import functools
import io
import os
import re
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from kg.errors import MetadataError, StoreError, UsageError

FILE = "judgements.csv"
COLUMNS = ("subject", "property", "object", "verdict", "who", "when", "why")
VERDICTS = ("accept", "reject")
DATA = Path(__file__).resolve().parent.parent / "ontology" / "judging.toml"
LONGEST = 20_000  # bytes of a line
LONGEST_WHY = 2_000  # characters of a reason
TOLD = 50  # wrong rows of one file that are told one by one
_REFERENCE = re.compile(r"(?:id|auth)/[^\s<>\"{}|\\^`]+")
# Control characters, and those that turn the direction of writing: a line must be what it looks like.
_HIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FORMULA = ("=", "+", "-", "@")  # a cell that begins so is run as a formula by spreadsheets

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One decision on one link. `predicate` is the property as it was written; `link` the one that counts."""

    subject: str  # reference
    predicate: str  # prefixed name: of the link, or of the suggestion of it
    object: str  # reference
    verdict: str  # accept | reject
    who: str
    when: str  # ISO date
    why: str = ""
    where: str = field(default="", compare=False)  # file and line

    @property
    def accepted(self) -> bool:
        return self.verdict == "accept"

    @property
    def link(self) -> str:
        """The property of the link itself, also where its suggestion was judged."""
        return real_property(self.predicate)

    @property
    def key(self) -> Key:
        return key(self.subject, self.predicate, self.object)

    @property
    def of_suggestion(self) -> bool:
        """A rejected suggestion is not made again; should a text state the link later, the text stands."""
        return self.link != self.predicate


@functools.cache
def judging() -> Mapping[str, Any]:
    """What can be judged and the words of a review (ontology/judging.toml)."""
    try:
        return tomllib.loads(DATA.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(DATA), remedy="correct the line it names") from error


@functools.cache
def suggested_properties() -> Mapping[str, str]:
    """The property of the link by the property of its suggestion, where these differ."""
    return {rule["suggested"]: name for name, rule in judging()["property"].items() if "suggested" in rule}


def real_property(name: str) -> str:
    return suggested_properties().get(name, name)


def key(subject: str, name: str, object_: str) -> Key:
    """What a judgement is about, the same for a link and its suggestion, and for both directions of a symmetric property."""
    name = real_property(name)
    if judging()["property"].get(name, {}).get("symmetric"):
        subject, object_ = sorted((subject, object_))
    return subject, name, object_


# ---------------------------------------------------------------- reading


def read_judgements(paths: Iterable[Path], own: Path | None = None) -> tuple[list[Judgement], list[MetadataError]]:
    """The judgements that count, in the order of the files, and what is wrong with the others. A file may be missing.

    Of equal judgements one is kept. Two opposite ones of the same link are reported and neither counts, unless one of them
    stands in `own`, the file of the data folder: that one overrules those of other files.
    """
    found: dict[Key, list[tuple[bool, Judgement]]] = {}
    problems: list[MetadataError] = []
    for path in dict.fromkeys([*paths, *([own] if own else [])]):
        wrong: list[MetadataError] = []
        for item in _rows(path):
            if isinstance(item, Judgement):
                found.setdefault(item.key, []).append((path == own, item))
            else:
                wrong.append(item)
        problems += wrong[:TOLD]
        if len(wrong) > TOLD:
            what = f"{len(wrong) - TOLD} more rows are wrong"
            problems.append(
                MetadataError(what, where=str(path), remedy="correct those above; are the columns separated by commas?")
            )
    kept: list[Judgement] = []
    for judged in found.values():
        mine = [judgement for is_own, judgement in judged if is_own]
        counting = mine or [judgement for _, judgement in judged]
        if len({judgement.verdict for judgement in counting}) == 1:
            kept.append(min(counting, key=lambda judgement: judgement.of_suggestion))  # what is said of the link says more
        else:
            first, *_, last = sorted(counting, key=lambda judgement: judgement.verdict)
            what = f"{first.subject} {first.link} {first.object} is accepted and rejected; neither counts"
            remedy = "take out the line that no longer holds"
            problems.append(MetadataError(what, where=f"{first.where} and {last.where}", remedy=remedy))
    return kept, problems


def _rows(path: Path) -> Iterator[Judgement | MetadataError]:
    try:
        with path.open("rb") as file:
            separator = ""
            for number, line in enumerate(_lines(file), 1):
                where = f"{path}, line {number}"
                try:
                    cells = _cells(line, separator or ",")
                    if not separator:
                        separator = _separator(line)
                    elif cells:
                        yield _judgement(cells, where)
                except MetadataError as error:
                    error.where = where
                    yield error
                    if not separator:
                        return  # without its columns nothing in the file can be told apart
    except FileNotFoundError:
        return
    except OSError as error:
        remedy = "make it a readable file; the build goes on without it"
        yield MetadataError(f"cannot be read: {error.strerror}", where=str(path), remedy=remedy)


def _wrong(what: str, remedy: str) -> MetadataError:
    """What is wrong with a line; who reads it adds the place."""
    return MetadataError(what, remedy=remedy)


def _lines(file: io.BufferedReader) -> Iterator[bytes]:
    """Lines without their ends; of one that is too long only so much that this shows."""
    while line := file.readline(LONGEST + 1):
        end = line
        while len(end) > LONGEST and not end.endswith(b"\n"):
            end = file.readline(LONGEST + 1)
        yield line.rstrip(b"\r\n") if len(line) <= LONGEST else line


def _cells(line: bytes, separator: str) -> list[str]:
    """The cells of a line, none of an empty one; MetadataError without its place."""
    if len(line) > LONGEST:
        raise _wrong(f"is longer than {LONGEST} bytes", "shorten the line")
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong("is not UTF-8", "save the file as CSV UTF-8") from error
    if _HIDDEN.search(text):
        raise _wrong("holds a control character", "take it out")
    if not text.strip().strip(separator):
        return []
    try:
        cells = next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error as error:
        raise _wrong(
            "has a quotation that is not closed", "keep each judgement on one line, and double the quotes in it"
        ) from error
    return [_bare(cell.strip()) for cell in cells]


def _separator(line: bytes) -> str:
    """The sign between the columns, from the first line: a comma, or the semicolon that spreadsheets here write."""
    for separator in (",", ";"):
        if tuple(_cells(line, separator)) == COLUMNS:
            return separator
    raise _wrong(
        "the columns are not those of judgements; nothing of this file is used", f"make the first line {','.join(COLUMNS)}"
    )


def _bare(cell: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from running it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _judgement(cells: list[str], where: str) -> Judgement:
    """The judgement of a row; MetadataError without its place."""
    if len(cells) != len(COLUMNS):
        raise _wrong(f"has {len(cells)} columns, not {len(COLUMNS)}", "put cells with a comma in quotation marks")
    subject, predicate, object_, verdict, who, when, why = cells
    judgement = Judgement(subject, predicate, object_, verdict, who, when, why, where)
    rule = judging()["property"].get(judgement.link)
    if rule is None:
        known = ", ".join(judging()["property"])
        raise _wrong(f"{_short(judgement.predicate)} is no property that can be judged", f"known: {known}")
    if judgement.verdict not in VERDICTS:
        raise _wrong(f"{_short(judgement.verdict)} is no verdict", "write accept or reject")
    for column, reference in (("subject", judgement.subject), ("object", judgement.object)):
        allowed = rule[column]
        if not _REFERENCE.fullmatch(reference):
            raise _wrong(f"{_short(reference)} is no reference", f"write it without the base, such as {allowed[0]}…")
        if not reference.startswith(tuple(allowed)):
            raise _wrong(
                f"{_short(reference)} cannot be the {column} of {judgement.link}", f"it begins with {' or '.join(allowed)}"
            )
    if judgement.subject == judgement.object:
        raise _wrong("subject and object are the same", "name the two things that are judged")
    if rule.get("alike") and judgement.subject.split("/")[1] != judgement.object.split("/")[1]:
        raise _wrong("the two things are not of one kind", f"{judgement.link} joins two of a kind")
    if not judgement.who:
        raise _wrong("nobody judged it", "give a role or initials in the column who")
    if not _is_date(judgement.when):
        raise _wrong(f"{_short(judgement.when)} is no date", "write the column when as YYYY-MM-DD")
    return judgement


def _short(value: str) -> str:
    return repr(value if len(value) <= 80 else value[:79] + "…")


def _is_date(value: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    with contextlib.suppress(ValueError):
        return bool(date.fromisoformat(value))
    return False


# ---------------------------------------------------------------- writing


def append_judgement(file: Path, judgement: Judgement) -> None:
    """Add a row; the file is there with it whole, or as it was, whatever ends the process. Several processes may write at once.

    Raises UsageError for a judgement that could not be read back, MetadataError where the file is not one of judgements, and
    StoreError where it cannot be written.
    """
    given = (judgement.subject, judgement.predicate, judgement.object, judgement.verdict, judgement.who, judgement.when)
    cells = [_clean(cell) for cell in (*given, judgement.why)]
    if len(cells[-1]) > LONGEST_WHY:
        raise UsageError(f"the reason is longer than {LONGEST_WHY} characters", where="why", remedy="shorten it")
    try:
        _judgement(cells, str(file))
    except MetadataError as error:
        raise UsageError(error.what, where="judgement", remedy=error.remedy) from error
    file = file.resolve()  # a link to a file elsewhere stays one
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _alone(file):
            _put(file, _with_row(file, cells))
    except OSError as error:
        remedy = "see to space and rights; the judgements made before are kept"
        raise StoreError(f"cannot be written: {error}", where=str(file), remedy=remedy) from error


def _clean(text: str) -> str:
    """On one line, without signs that do not show."""
    return " ".join(_HIDDEN.sub(" ", text).split())


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """One writer at a time: not the lock of builds, since judging goes on while one runs. It ends with its process."""
    handle = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _with_row(file: Path, cells: list[str]) -> bytes:
    """The content of the file with one more row."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        content = b""
    separator = ","
    if content.strip():
        try:
            separator = _separator(content.split(b"\n", 1)[0].rstrip(b"\r"))
        except MetadataError as error:
            error.where = f"{file}, line 1"
            raise
    else:
        content = ",".join(COLUMNS).encode() + b"\n"
    row = io.StringIO()
    csv.writer(row, delimiter=separator, lineterminator="\n").writerow(
        [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
    )
    return content + (b"" if content.endswith(b"\n") else b"\n") + row.getvalue().encode("utf-8")


def _put(file: Path, content: bytes) -> None:
    prefix = f".{file.stem}-"
    for left in file.parent.glob(f"{prefix}*"):  # of a process that was killed; nobody else writes now
        left.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=prefix)
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
        Path(name).chmod(file.stat().st_mode & 0o777 if file.exists() else 0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
