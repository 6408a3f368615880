"""What the OpenAPI document says of /sparql."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from search_api.sparql_run import GRAPH_FORMATS, RESULT_FORMATS

EXAMPLE = "SELECT ?measure ?label WHERE { ?measure a gvpp:Measure ; skos:prefLabel ?label } LIMIT 5"
_TEXT = {"type": "string"}


def bodies(media_types: Iterable[str]) -> dict[str, Any]:
    """The content of a response in these forms: JSON is an object or a list, everything else text."""
    return {media_type: {"schema": {} if media_type.endswith("json") else _TEXT} for media_type in media_types}


_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The result: rows and booleans in the first four forms, graphs in the others.",
        "content": bodies((*RESULT_FORMATS, *GRAPH_FORMATS)),
    },
    304: {"description": "Not changed since the generation that the client knows."},
    400: {"description": "No valid query, an unknown parameter, or something that is refused (SERVICE, file:)."},
    403: {"description": "An update: the endpoint is read only."},
    406: {"description": "The result has no form that the client accepts."},
    413: {"description": "The body is too large."},
    415: {"description": "The body is neither a form nor a query in UTF-8."},
    422: {"description": "The query took too long, its result is too large, or it needs too much memory."},
    503: {"description": "All workers are taken; Retry-After says when to come back."},
}


def _parameter(name: str, description: str, many: bool = False, example: str | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "array", "items": _TEXT} if many else dict(_TEXT)
    found: dict[str, Any] = {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
    return found | ({"example": example} if example else {})


_FORMAT = "Form of the result, instead of Accept: json, xml, csv, tsv; turtle, trig, ntriples, rdfxml, jsonld; or a media type."
_DATASET = [
    _parameter("default-graph-uri", "Graphs that make up the default graph.", many=True),
    _parameter("named-graph-uri", "Graphs that GRAPH reaches.", many=True),
]
GET: dict[str, Any] = {
    "summary": "Run a SPARQL query",
    "description": (
        "SPARQL 1.1 Protocol, read only. Without a query, the service description (RDF). The prefixes of the product need not be "
        "declared; relative IRIs count from the base of the data set. The default graph is the union of the public graphs but "
        "for suggested links, which stand in the graph `id/graph/suggested`."
    ),
    "operation_id": "sparql_get",
    "responses": _RESPONSES,
    "openapi_extra": {
        "parameters": [
            _parameter("query", "The query.", example=EXAMPLE),
            *_DATASET,
            _parameter("format", _FORMAT, example="csv"),
        ]
    },
}
POST: dict[str, Any] = {
    "summary": "Run a SPARQL query that is too long for an address",
    "description": "The query as a form (`query=…`) or as it is (`application/sparql-query`).",
    "operation_id": "sparql_post",
    "responses": {code: response for code, response in _RESPONSES.items() if code != 304},
    "openapi_extra": {
        "parameters": [*_DATASET, _parameter("format", _FORMAT)],
        "requestBody": {
            "required": True,
            "content": {
                "application/sparql-query": {"schema": _TEXT, "example": EXAMPLE},
                "application/x-www-form-urlencoded": {
                    "schema": {"type": "object", "required": ["query"], "properties": {"query": _TEXT, "format": _TEXT}},
                    "example": {"query": EXAMPLE},
                },
            },
        },
    },
}
