"""The shapes of what the API sends and takes, as its OpenAPI document shows them (design: docs/service.md)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Lang = Literal["nl", "fr", "en"]
Labels = Annotated[
    dict[str, str],
    Field(description="Text by language; '' where the source gives none.", examples=[{"nl": "Parket", "fr": "Parquet"}]),
]
Iri = Annotated[str, Field(description="Identifier.", examples=["https://gvpp.example/id/measure/gvpp-2021-2024/2.3"])]
Plan = Annotated[str, Field(description="Id of a plan edition.", examples=["gvpp-2021-2024"], pattern=r"^[A-Za-z0-9._-]{1,100}$")]


class Open(BaseModel):
    """An object that may get more members later."""

    model_config = ConfigDict(extra="allow")


class Parameters(BaseModel):
    """Query parameters: one that is not known is refused, never ignored."""

    model_config = ConfigDict(extra="forbid")


class ProblemDocument(Open):
    """An error (RFC 9457), with the three parts that every error of the product has."""

    type: str = Field(examples=["/problems#not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no measure 'gvpp-2021-2024/99.9' → see /api/measures"])
    instance: str = Field(examples=["urn:request:3f1c9a0b5d7e2468"])
    what: str = Field(description="The fault in one sentence.")
    where: str = Field(description="Parameter, query position or address.")
    remedy: str = Field(description="What to do next.")


class Citation(Open):
    """The words that prove something, and where they stand; start and end count code points of the published text."""

    document: str = Field(examples=["jaarverslag-2024"])
    title: str | None = None
    page: int | None = Field(None, description="Only where the format has pages.")
    section: str | None = None
    quote: str
    lang: str = Field(examples=["nl"])
    start: int
    end: int
    url: str


class Value(Open):
    """A figure: the number as it is printed, its scale in the unit."""

    number: float | int | str | None = None
    unit: str | None = None
    year: int | None = None


class AnswerRow(Open):
    """One thing that answers, with its sources."""

    iri: str | None = None
    kind: str = Field(examples=["Initiative"])
    label: Labels
    number: str | None = None
    plan: str | None = None
    role: str | None = Field(None, description="main or contributing, for a measure that is carried out.")
    value: Value | None = None
    text: str | None = None
    certainty: str = Field(examples=["explicit"])
    citations: list[Citation]


class Version(Open):
    """The build that answered."""

    version: str
    date: str


class AskAnswer(Open):
    """The answer to a question; every row has a source."""

    question: str
    lang: str
    intent: str
    status: Literal["answered", "ambiguous", "not_found"]
    text: str
    scope: dict[str, Any]
    notes: list[str]
    sparql: str | None = Field(description="The queries that were run: they can be run again at /sparql.")
    corpus: Version
    answers: list[AnswerRow]
    nearest: list[dict[str, Any]]


QUESTION = "Welke initiatieven voeren maatregel 2.3 uit?"
Question = Annotated[
    str, Field(min_length=1, max_length=2000, description="A question in Dutch, French or English.", examples=[QUESTION])
]


class AskParameters(Parameters):
    q: Question
    lang: Lang | None = Field(None, description="Language of the answer; else that of the question.")


class AskBody(Parameters):
    """The question in the body: it then stands in no address and in no log of a proxy."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"q": QUESTION, "lang": "nl"}]})
    q: Question
    lang: Lang | None = Field(None, description="Language of the answer; else that of the question.")


class Item(Open):
    """One line of a list. Which of the other members stand there depends on the kind."""

    iri: Iri
    reference: str = Field(description="What to put behind the address of the list.", examples=["gvpp-2021-2024/2.3"])
    label: Labels


class Page(Open):
    """A part of a list, in a fixed order."""

    total: int = Field(description="How many there are in all, after the filters.")
    limit: int
    offset: int
    next: str | None = Field(description="Address of the next part, null at the end.")
    items: list[Item]
    corpus: Version


class Target(Open):
    """A value: a text with its language, a number, or another thing with its name."""

    value: str | None = None
    lang: str | None = None
    iri: str | None = None
    label: Labels | None = None


class Evidence(Open):
    """A statement with the words that prove it."""

    subject: str
    property: str = Field(examples=["gvpp:implements"])
    object: Target
    role: str | None = None
    certainty: str = Field(examples=["explicit"])
    citation: Citation


class Detail(Open):
    """Everything about one thing: what is said of it, what refers to it, and the proof."""

    iri: Iri
    reference: str
    kind: str = Field(examples=["Measure"])
    label: Labels
    properties: dict[str, list[Target]] = Field(description="By prefixed name of the property.")
    incoming: dict[str, list[Target]] = Field(description="What refers to it, by prefixed name of the property.")
    evidence: list[Evidence]
    corpus: Version


class PassageDetail(Open):
    """A passage in its place: text, span, neighbours, and what was taken from it."""

    iri: str
    document: str
    title: str
    text: str
    lang: str
    page: int | None = None
    section: str | None = None
    start: int
    end: int
    previous: str | None = Field(description="Reference of the passage before it in the document.")
    next: str | None = Field(description="Reference of the passage after it.")
    statements: list[Evidence]
    corpus: Version


class Health(Open):
    status: Literal["ok", "waiting"]
    version: str | None = None
    generation: str | None = None
