"""The route of the network: around one thing, between two, or what is central, in a shape that pages can draw from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from search_api.live import Live
from search_api.models import Citation, Iri, Labels, Lang, Open, Parameters, Version
from search_api.network import LIMIT, network
from search_api.routes_api import ERRORS, fresh, known, no_repeats

Direction = Literal["forward", "backward"]
Property = Annotated[str, Field(description="Prefixed name of the property.", examples=["gvpp:hasPartner"])]
Certainty = Annotated[str, Field(description="explicit (a text says so) or curated; suggested links are never used.")]
Passage = Annotated[str | None, Field(description="Address of a passage that proves it; null where a list of names says it.")]
Name = Annotated[
    str | None,
    Field(
        min_length=1, max_length=300, description="A name, a measure (2.3), a theme (theme 3), a zone (5340) or an identifier."
    ),
]


class NetworkParameters(Parameters):
    around: Name = Field(None, examples=["Unia"])
    to: Name = Field(None, examples=["thema 3"])
    lang: Lang | None = Field(None, description="Language of the sentences; else that of the names.")
    limit: int = Field(LIMIT, ge=1, le=500, description="Most nodes to draw; left_out counts the others.")


class NetworkNode(Open):
    """A thing with what is measured of it (docs/knowledge-network.md)."""

    iri: Iri
    reference: str = Field(description="To give as around or to.", examples=["id/organisation/unia"])
    kind: str = Field(examples=["organisation"])
    label: Labels
    number: str | None
    plan: str | None
    links: int = Field(description="How many others it has a proved link with.")
    importance: float = Field(description="PageRank over the proved links.")
    between: float | None = Field(description="Share of the shortest ways that pass it; null for what is common.")
    rank: int = Field(description="Place by importance among its kin; 0 where nothing is linked to it.")
    of: int = Field(description="Number of its kin.")
    community: int | None
    common: bool = Field(description="A group of actors, or a body that funds many: linked to so much that it says little.")


class NetworkEdge(Open):
    source: str = Field(description="Subject of the link.")
    target: str = Field(description="Object of the link.")
    property: Property
    certainty: Certainty
    weight: float = Field(description="1 / log2(1 + links of the busier end): rare is strong.")
    evidence: Passage


class Neighbour(Open):
    node: NetworkNode
    property: Property
    direction: Direction = Field(description="forward: what was asked for is the subject.")
    certainty: Certainty
    evidence: Passage


class Neighbours(Open):
    kind: str
    total: int
    items: list[Neighbour]


class SharedThing(Open):
    node: NetworkNode
    evidence: list[str] = Field(description="Addresses of passages that link the one and the other to it.")


class WorksWith(Open):
    """Two bodies that work on the same initiatives and measures."""

    first: NetworkNode
    second: NetworkNode
    weight: float = Field(description="Sum over what they share of 1 / log2(1 + bodies that share it).")
    total: int
    shared: list[SharedThing]


class Community(Open):
    number: int
    size: int
    members: list[NetworkNode] = Field(description="The most important ones.")


class ChainStep(Open):
    from_: NetworkNode = Field(alias="from")
    to: NetworkNode
    property: Property
    direction: Direction = Field(description="forward: the step goes from subject to object.")
    certainty: Certainty
    citations: list[Citation] = Field(description="The words that prove it; none where a list of names says it.")


class NetworkChain(Open):
    steps: list[ChainStep]
    cost: int
    weak: bool = Field(description="It passes something common, and so says little.")
    common: list[NetworkNode]


class NetworkAnswer(Open):
    """What stands around something, or joins two things, or is central. What was not asked for is null or empty."""

    around: str | None
    to: str | None
    lang: str
    status: Literal["found", "not_found"]
    text: str
    notes: list[str]
    entity: NetworkNode | None
    other: NetworkNode | None
    readings: list[NetworkNode] = Field(description="What else the names can mean.")
    neighbours: list[Neighbours]
    works_with: list[WorksWith]
    community: Community | None
    chains: list[NetworkChain] = Field(description="Up to three that are equally good, for each reading of the names.")
    main: list[NetworkNode]
    groups: list[NetworkNode]
    communities: list[Community]
    together: list[WorksWith]
    nodes: list[NetworkNode] = Field(description="To draw.")
    edges: list[NetworkEdge] = Field(description="To draw: one for each two nodes that are linked.")
    left_out: int = Field(description="Nodes that a drawing without a limit would have too.")
    corpus: Version


def router(live: Live) -> APIRouter:
    routes = APIRouter(prefix="/api", responses=ERRORS, dependencies=[Depends(no_repeats)])

    @routes.get(
        "/network",
        operation_id="network",
        response_model=NetworkAnswer,
        summary="Who is linked to what, and how",
        description="Around one thing: neighbours, who works on the same, community, rank. With `to`: the best chains of "
        "evidence between the two. Without names: what is central. Suggested links are never used.",
        tags=["questions"],
    )
    async def get(request: Request, given: Annotated[NetworkParameters, Query()]) -> Any:
        view = live.view
        if unchanged := known(request, view):
            return unchanged
        found = await live.run(network, view.corpus, given.around, given.to, given.lang, given.limit)
        answer = fresh(view, JSONResponse(found))
        answer.headers["cache-control"] = "private, no-cache"  # what somebody asked is in no shared cache
        return answer

    return routes
