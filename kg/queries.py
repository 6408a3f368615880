"""Queries as text: which ones may be run, and the named queries in `kg/queries/*.rq`.

The store evaluates SERVICE by fetching from the network and has no switch for it, so such a query is refused before it is
run. The words are found in tokens, never by a search in the raw text: comments, strings and IRIs may contain them. The
parser of the store needs no space between words (`trueSERVICE<…>` works), so a word that contains a refused one is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode

from kg.errors import QueryError, StoreError
from kg.names import PREFIXES, expand, shorten

FOLDER = Path(__file__).with_name("queries")
FORMS = ("select", "ask", "construct", "describe")
MAX_TOKENS = 5_000  # twice as many in one chain overflow the stack of the parser and end the process
MAX_DEPTH = 64  # brackets within brackets; some thousands do the same
TYPES = ("iri", "string", "integer")

_CHAR = r"[\w:·]|%[0-9A-Fa-f]{2}|\\."
_TOKEN = re.compile(
    rf"""(?P<space>[ \t\r\n]+|\#[^\r\n]*)
    |(?P<string>\"{{3}}(?:\"{{0,2}}(?:[^\"\\]|\\.))*\"{{3}}|'{{3}}(?:'{{0,2}}(?:[^'\\]|\\.))*'{{3}}
               |\"(?:[^\"\\\r\n]|\\.)*\"|'(?:[^'\\\r\n]|\\.)*')
    |(?P<iri><[^\x00-\x20<>\"{{}}|^`]*>)
    |(?P<variable>[?$]\w+)
    |(?P<name>(?:[^\W\d][\w.·-]*)?:(?:(?:{_CHAR})(?:(?:[.-]|{_CHAR})*(?:-|{_CHAR}))?)?)
    |(?P<word>[^\W\d]\w*)
    |(?P<other>\d+|\\.|.)""",
    re.VERBOSE | re.DOTALL,
)
# `?a <?b#>` may be an IRI or "less than ?b" and a comment. What cannot begin an expression is certainly an IRI.
_SURELY_IRI = re.compile(r"<(?:[A-Za-z][\w+.-]*:/|(?!true/|false/)[A-Za-z]\w*)/", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


class Token(NamedTuple):
    """kind: string, iri, variable, name (prefixed), word or other (digits, or one character); start: offset in the query."""

    kind: str
    text: str
    start: int


def position(text: str, offset: int) -> str:
    """Line and column (from 1) of an offset, as errors state them."""
    return f"query, line {text.count(chr(10), 0, offset) + 1}, column {offset - text.rfind(chr(10), 0, offset)}"


def tokens(text: str) -> list[Token]:
    """The tokens of a query without white space and comments.

    Raises QueryError where two readings are possible and one of them could hide a word from `check`.
    """
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind, value, start = str(match.lastgroup), match.group(), match.start()
        if kind == "space":
            continue
        if kind == "other" and value in "\"'":
            raise QueryError("a string begins here and does not end", where=position(text, start), remedy="close the quotation")
        if kind == "iri" and ("#" in value or "'" in value) and not _SURELY_IRI.match(value):
            raise QueryError(
                f"{value} can be read as an IRI or as a comparison",
                where=position(text, start),
                remedy="write the IRI in full (https://…), or a space after <",
            )
        found.append(Token(kind, value, start))
        if len(found) > MAX_TOKENS:
            raise QueryError(f"the query has more than {MAX_TOKENS} tokens", where="query", remedy="split the query")
    return found


def check(text: str) -> list[Token]:
    """The tokens of a query that may be run; raises QueryError for anything but a read of the graph itself.

    Refused: updates, SERVICE, `file:` IRIs (as in FROM <file:…>), brackets nested more than MAX_DEPTH deep.
    Syntax is not checked here.
    """
    found = tokens(text)
    _check_form(text, found)
    depth = 0
    for token in found:
        if token.kind == "other":
            depth += (token.text in "({[") - (token.text in ")}]")
            if depth > MAX_DEPTH:
                raise QueryError(f"brackets are nested more than {MAX_DEPTH} deep", where=position(text, token.start))
        elif _is_service(token):
            raise QueryError(
                "SERVICE is not allowed: queries are answered from this graph alone",
                where=position(text, token.start),
                remedy="query the other endpoint on its own and join the results",
            )
        elif token.kind == "iri" and _ESCAPE.sub(_unescape, token.text).casefold().startswith("<file:"):
            raise QueryError("file: is not allowed", where=position(text, token.start), remedy="name a graph by its IRI")
    return found


@contextmanager
def reading(text: str = "") -> Iterator[None]:
    """The errors of the store while a query (its text) is evaluated, as ours: QueryError with the place, StoreError for its
    files."""
    try:
        yield
    except SyntaxError as error:
        if unknown := _undeclared(text) if "Prefix not found" in str(error) else None:
            prefix, known = unknown.text.split(":")[0], ", ".join(f"{prefix}:" for prefix in ("gvpp", *PREFIXES))
            remedy = f"declare it (PREFIX {prefix}: <…>), or use one that is known: {known}"
            raise QueryError(
                f"the prefix {prefix}: is not declared", where=position(text, unknown.start), remedy=remedy
            ) from error
        place = re.match(r"error at (\d+):(\d+): (.*)", str(error), re.DOTALL)
        where = f"query, line {place[1]}, column {place[2]}" if place else "query"
        raise QueryError(f"not valid SPARQL: {place[3] if place else error}", where=where, remedy="correct the query") from error
    except OSError as error:
        raise StoreError(f"the store cannot be read: {error}", remedy="build again") from error
    except (RuntimeError, ValueError) as error:
        raise QueryError(f"cannot be run: {error}", where="query", remedy="correct the query") from error


def _undeclared(text: str) -> Token | None:
    """The first name whose prefix neither the query nor the product declares."""
    found = tokens(text)
    declared = {one.text.split(":")[0] for before, one in pairwise(found) if before.text.casefold() == "prefix"}
    declared |= {"gvpp", *PREFIXES}
    return next((one for one in found if one.kind == "name" and one.text.split(":")[0] not in declared), None)


def _check_form(text: str, found: Iterable[Token]) -> None:
    for token in found:
        word = token.text.casefold()
        if token.kind in ("iri", "name", "string") or word in ("base", "prefix", "version"):
            continue  # the prologue
        if token.kind == "word" and word.startswith(FORMS):
            return
        raise QueryError(
            f"{token.text!r} does not begin a query",
            where=position(text, token.start),
            remedy="only SELECT, ASK, CONSTRUCT and DESCRIBE are answered",
        )
    raise QueryError("the query is empty", where="query", remedy="write a SELECT, ASK, CONSTRUCT or DESCRIBE query")


def _is_service(token: Token) -> bool:
    if token.kind == "word":
        return "service" in token.text.casefold()
    # SERVICEex:a is read as SERVICE ex:a where no such prefix is declared
    return token.kind == "name" and "service" in token.text.partition(":")[0].casefold()


def _unescape(match: re.Match[str]) -> str:
    code = int(match.group(1) or match.group(2), 16)
    return chr(code) if code < 0x110000 else "\ufffd"


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query of the product: title by language (nl, fr), params by name (iri, string or integer), text without its header."""

    name: str
    title: dict[str, str]
    params: dict[str, str]
    text: str


def names(folder: Path = FOLDER) -> list[str]:
    """Names of the queries that exist."""
    return sorted(file.stem for file in folder.glob("*.rq"))


@cache
def load(name: str, folder: Path = FOLDER) -> NamedQuery:
    """The query in `{name}.rq`. Its header is comment lines: `# title.nl: …`, `# title.fr: …`, `# param: name type`.

    Raises QueryError for an unknown name, a missing title, a parameter of unknown type or one that the query does not use.
    """
    if name not in names(folder):
        raise QueryError(f"there is no query {name!r}", where=str(folder), remedy=f"known: {', '.join(names(folder))}")
    file = folder / f"{name}.rq"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    title: dict[str, str] = {}
    params: dict[str, str] = {}
    while lines and lines[0].startswith("#"):
        key, colon, value = lines.pop(0)[1:].strip().partition(":")
        if key.startswith("title."):
            title[key.removeprefix("title.")] = value.strip()
        elif key == "param":
            parameter, _, kind = value.strip().partition(" ")
            if kind not in TYPES:
                raise QueryError(f"{parameter!r} has type {kind!r}", where=str(file), remedy=f"types: {', '.join(TYPES)}")
            params[parameter] = kind
        elif colon:
            raise QueryError(f"unknown header {key!r}", where=str(file), remedy="allowed: title.nl, title.fr, param")
    query = NamedQuery(name, title, params, "".join(lines).strip() + "\n")
    if missing := [lang for lang in ("nl", "fr") if not title.get(lang)]:
        raise QueryError(f"title.{missing[0]} is missing", where=str(file), remedy=f"add a line '# title.{missing[0]}: …'")
    used = {token.text[1:] for token in check(query.text) if token.kind == "variable"}
    if unused := [parameter for parameter in params if parameter not in used]:
        raise QueryError(f"parameter ?{unused[0]} is not used", where=str(file), remedy="use it or remove its line")
    if params:
        _where(query.text, query.name)
    return query


def bind(query: NamedQuery, /, **values: str | int | Sequence[str | int]) -> str:
    """The text of the query with its parameters bound by VALUES at the start of its outer WHERE group.

    A value is a str (iri, string) or an int (integer); several values mean any of them. An iri is a full http(s) IRI, a
    prefixed name or a reference such as "id/measure/gvpp-2021-2024/2.3"; a reference stays relative, to be resolved
    against the base with which the query is run. Raises QueryError for a missing or unknown parameter and for a value of
    the wrong type.
    """
    if wrong := sorted(query.params.keys() ^ values.keys()):
        fault = "is missing" if wrong[0] in query.params else "is unknown"
        expected = ", ".join(f"{name} ({kind})" for name, kind in query.params.items()) or "none"
        raise QueryError(f"parameter {wrong[0]!r} {fault}", where=query.name, remedy=f"parameters: {expected}")
    bindings = ""
    for name, kind in query.params.items():
        given = values[name]
        many = [given] if isinstance(given, str | int) else list(given)
        if not many:
            raise QueryError(f"parameter {name!r} has no value", where=query.name, remedy="give at least one")
        terms = " ".join(_term(value, kind, f"{query.name}, parameter {name!r}") for value in many)
        bindings += f"\n  VALUES ?{name} {{ {terms} }}"
    if not bindings:
        return query.text
    place = _where(query.text, query.name)
    return query.text[:place] + bindings + query.text[place:]


@cache
def _where(text: str, name: str) -> int:
    """Offset after the brace that opens the outer WHERE group."""
    depth, waiting = 0, False
    for token in tokens(text):
        if token.kind == "word" and depth == 0 and token.text.casefold() == "where":
            waiting = True
        elif waiting and token.text == "{":
            return token.start + 1
        elif token.kind == "other":
            depth += (token.text in "({[") - (token.text in ")}]")
    raise QueryError("a query with parameters needs a WHERE { … } group", where=name, remedy="write the word WHERE")


def _term(value: object, kind: str, where: str) -> str:
    """A value in SPARQL syntax, written by the serialiser of the store."""
    try:
        if kind == "integer" and isinstance(value, int) and not isinstance(value, bool):
            return str(Literal(value))
        if kind == "string" and isinstance(value, str):
            return str(Literal(value))
        if kind == "iri" and isinstance(value, str):
            return _iri(value)
    except (ValueError, OverflowError) as error:
        raise QueryError(f"{value!r} cannot be used: {error}", where=where, remedy=f"give a valid {kind}") from error
    raise QueryError(f"{value!r} is not of type {kind}", where=where, remedy=f"give a value of type {kind}")


def _iri(value: str) -> str:
    base = "http://base.invalid"
    full = NamedNode(expand(value, base)).value  # raises ValueError for characters that an IRI cannot hold
    reference = shorten(full, base)
    if reference == full:
        return f"<{full}>"
    first, *rest = reference.split("/")
    if first not in ("id", "doc", "ns", "auth") or not rest or {".", ".."} & {re.split("[?#]", part)[0] for part in rest}:
        raise ValueError("neither an http(s) IRI, nor a known prefix, nor a reference beginning with id/, doc/, ns/ or auth/")
    return f"<{reference}>"
