"""`gvpp mcp`: the tools that an agent sees, what they give, and what they refuse."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from corpus_help import Built
from mcp import Client, StdioServerParameters
from service_help import ENDLESS

from kg.settings import Settings
from search_api.agents import create
from search_api.sparql_run import Limits

T = TypeVar("T")
TOOLS = {
    "ask",
    "search_passages",
    "get_measure",
    "get_initiative",
    "get_organisation",
    "compare_editions",
    "run_sparql",
}


def with_agent(built: Built, work: Callable[[Client], Awaitable[T]]) -> T:
    async def run() -> T:
        server = create(Settings(data=built.data, encoder="none"), Limits(workers=1, seconds=1.0, rows=50))
        async with Client(server) as client:
            return await work(client)

    return asyncio.run(run())


def called(built: Built, tool: str, /, **arguments: Any) -> dict[str, Any]:
    async def work(client: Client) -> Any:
        return await client.call_tool(tool, arguments)

    result = with_agent(built, work)
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content
    assert json.loads(result.content[0].text) == found
    return found


def refused(built: Built, tool: str, /, **arguments: Any) -> str:
    async def work(client: Client) -> Any:
        return await client.call_tool(tool, arguments)

    result = with_agent(built, work)
    assert result.is_error
    return str(result.content[0].text)


def test_a_handful_of_tools_that_only_read(sample_build: Built) -> None:
    async def work(client: Client) -> Any:
        return await client.list_tools()

    tools = with_agent(sample_build, work).tools
    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert tool.description and tool.annotations and tool.annotations.read_only_hint
        assert tool.input_schema["type"] == "object"


def test_answers_and_passages_have_addresses_to_cite(sample_build: Built) -> None:
    answer = called(sample_build, "ask", question="Welke initiatieven voeren maatregel 2.3 uit?")
    assert answer["status"] == "answered"
    assert all(row["citations"][0]["url"].startswith("https://") for row in answer["answers"])
    found = called(sample_build, "search_passages", question="fietsdiefstal", limit=3)
    assert 0 < len(found["hits"]) <= 3
    assert all("/id/passage/" in hit["url"] and hit["quote"] for hit in found["hits"])


def test_things_are_found_by_number_name_and_reference(sample_build: Built) -> None:
    measures = called(sample_build, "get_measure", number="2.3")["measures"]
    assert measures and all(each["kind"] == "Measure" and each["evidence"] for each in measures)
    assert all(proof["citation"]["url"] for each in measures for proof in each["evidence"])
    one = called(sample_build, "get_measure", number="2.3", edition="2021-2024")["measures"]
    assert [each["iri"].split("/")[-2] for each in one] == ["gvpp-2021-2024"]
    zone = called(sample_build, "get_organisation", name="Brussel-Noord")
    assert "5344" in json.dumps(zone["properties"]) or "5344" in json.dumps(zone["label"])
    assert called(sample_build, "get_organisation", name=zone["iri"])["iri"] == zone["iri"]
    answer = called(sample_build, "ask", question="Welke initiatieven voeren maatregel 2.3 uit?")
    name = next(label for row in answer["answers"] if row["kind"] == "Initiative" for label in row["label"].values() if label)
    assert called(sample_build, "get_initiative", name=name)["kind"] == "Initiative"


def test_queries_have_limits(sample_build: Built) -> None:
    rows = called(sample_build, "run_sparql", query="SELECT ?m { ?m a gvpp:Measure } LIMIT 3")
    assert len(rows["result"]["results"]["bindings"]) == 3 and len(rows["urls"]) == 3
    for query, words in (
        ("SELECT * { ?s ?p ?o }", "rows"),
        (ENDLESS, "1"),
        ("DELETE WHERE { ?s ?p ?o }", ""),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "SERVICE"),
        ("nonsense", ""),
    ):
        assert words in refused(sample_build, "run_sparql", query=query)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ask", {"question": ""}),
        ("ask", {"question": "x", "lang": "de"}),
        ("get_measure", {"number": "two"}),
        ("get_measure", {"number": "99.9"}),
        ("get_initiative", {"name": "qqqqq"}),
        ("get_organisation", {"name": "../../etc"}),
        ("compare_editions", {"older": "1800-1803", "newer": "2021-2024"}),
        ("search_passages", {"question": "x", "genre": "novel"}),
    ],
)
def test_what_cannot_be_answered_is_refused_with_words(sample_build: Built, name: str, arguments: dict[str, Any]) -> None:
    assert len(refused(sample_build, name, **arguments)) > 10


def test_the_command_speaks_the_protocol_and_logs_no_question(sample_build: Built, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parent.parent
    script = f"import sys; sys.stderr = open({str(tmp_path / 'log')!r}, 'w'); import gvpp; gvpp.main(['mcp'])"
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-c", script],
        env={**os.environ, "GVPP_DATA": str(sample_build.data), "GVPP_ENCODER": "none", "PYTHONPATH": str(root)},
        cwd=str(tmp_path),
    )

    async def work() -> Any:
        async with Client(parameters) as client:
            await client.call_tool("get_initiative", {"name": "geheimwoord"})
            return await client.call_tool("ask", {"question": "Welke zones zijn er, geheimwoord?"})

    assert not asyncio.run(work()).is_error
    assert "geheimwoord" not in (tmp_path / "log").read_text("utf-8")
