"""One small tree of errors. Each says what is wrong, where, and what to do about it."""

from __future__ import annotations


class GvppError(Exception):
    """Base of all errors that a user can meet.

    what: the fault in one sentence; where: file, line, query or address; remedy: what to do next.
    `exit_code` is the stable exit status of the command line.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.remedy = what, where, remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" → {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{advice}"

    def as_dict(self) -> dict[str, str]:
        """The same three parts for `--json` output."""
        return {"error": type(self).__name__, "what": self.what, "where": self.where, "remedy": self.remedy}


class UsageError(GvppError):
    """A command was called with something it does not take."""

    exit_code = 2


class SourceError(GvppError):
    """A source file cannot be used: missing, empty, encrypted, without text, corrupt, too large, wrong type or language."""

    exit_code = 3


class MetadataError(GvppError):
    """A metadata, vocabulary or judgement file has a wrong key, value or reference."""

    exit_code = 3


class ExtractionError(GvppError):
    """A document was read but yields less than its metadata promises, or its genre is unknown."""

    exit_code = 4


class ValidationError(GvppError):
    """A graph does not conform to the shapes; nothing was published."""

    exit_code = 5


class StoreError(GvppError):
    """The data folder is missing, locked, damaged or of another version."""

    exit_code = 6


class QueryError(GvppError):
    """A SPARQL query is malformed or asks for something that is not allowed."""

    exit_code = 7
