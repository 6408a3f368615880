"""The commands that only read: questions, search, comparisons, the network, SPARQL. Heavy libraries are imported where they are
needed, since the command line imports this each time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kg.errors import SourceError, StoreError, UsageError
from kg.settings import Settings, load_settings

COVERED = ["measure", "theme", "part", "organisation", "zone"]
LANGUAGES = click.Choice(["nl", "fr", "en"])


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "json_", is_flag=True, help="Print JSON instead of text.")(command)


def show(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def give(value: Any, printed: Callable[[Any], str], json_: bool) -> None:
    show(value) if json_ else click.echo(printed(value))


def in_use(settings: Settings) -> Any:
    from kg.store import current

    generation = current(settings.data)
    if generation is None:
        raise StoreError("nothing has been built yet", where=str(settings.data), remedy="run `gvpp build --corpus DIR`")
    return generation


@click.command()
@click.argument("question")
@click.option("--lang", type=LANGUAGES, help="Language of the answer; else that of the question.")
@as_json
def ask(question: str, lang: str | None, json_: bool) -> None:
    """Answer a question in Dutch, French or English, with the sources of every line."""
    from search_api.answers import ask as answer
    from search_api.answers import open_corpus
    from search_api.printing import print_answer

    settings = load_settings()
    give(answer(open_corpus(in_use(settings), settings.encoder), question, lang), print_answer, json_)


@click.command()
@click.argument("name", required=False)
@click.argument("other", required=False)
@click.option("--lang", type=LANGUAGES, help="Language of the answer; else that of the names.")
@as_json
def network(name: str | None, other: str | None, lang: str | None, json_: bool) -> None:
    """Who works with whom: around NAME, how NAME is linked to OTHER, or, without names, what is central."""
    from search_api.answers import open_corpus
    from search_api.network import network as look
    from search_api.printing_network import print_network

    give(look(open_corpus(in_use(load_settings())), name, other, lang), print_network, json_)


@click.command()
@click.argument("older", metavar="EDITION")
@click.argument("newer", metavar="EDITION")
@click.option("--measure", "number", help="One measure, of either edition, such as 2.3.")
@click.option("--lang", type=LANGUAGES, default="nl", show_default=True, help="Language of labels.")
@as_json
def compare(older: str, newer: str, number: str | None, lang: str, json_: bool) -> None:
    """What became of each measure of one plan edition in another: which go on, which were dropped, which are new."""
    from search_api.answers import open_corpus
    from search_api.compare import compare as look
    from search_api.printing_knowledge import print_comparison

    give(look(open_corpus(in_use(load_settings())), older, newer, number, lang), print_comparison, json_)


@click.command()
@click.option("--plan", help="Plan edition, such as gvpp-2021-2024; else all of them.")
@click.option(
    "--by", type=click.Choice(["measure", "theme", "part", "organisation", "zone"]), default="measure", show_default=True
)
@click.option("--csv", "csv_", is_flag=True, help="Print CSV instead of text.")
@click.option("--lang", type=LANGUAGES, default="nl", show_default=True, help="Language of labels.")
@as_json
def coverage(plan: str | None, by: str, csv_: bool, lang: str, json_: bool) -> None:
    """What is done for each measure, theme or part of the resolution, and what each body does; gaps are shown too."""
    from search_api.answers import open_corpus
    from search_api.coverage import COLUMNS, table
    from search_api.coverage import coverage as look
    from search_api.printing_knowledge import print_coverage
    from search_api.tables import as_csv

    if csv_ and json_:
        raise UsageError("--csv and --json exclude each other", where="gvpp coverage", remedy="choose one")
    found = look(open_corpus(in_use(load_settings())), by, plan, lang)
    give(found, lambda rows: as_csv(COLUMNS, table(rows)).rstrip() if csv_ else print_coverage(rows), json_)


FILTER_HELP = {
    "plan": "Plan edition, such as gvpp-2021-2024.",
    "theme": "Theme of an edition, such as gvpp-2021-2024/8.",
    "genre": "plan, report, fiche or resolution.",
    "document": "Document id.",
    "organisation": "Organisation, by the last part of its address.",
    "zone": "Number of a police zone.",
    "commune": "Commune, by the last part of its address.",
    "year": "Year reported on, or planned for.",
    "doc_lang": "Language of the passage.",
}


def filters(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, text in reversed(FILTER_HELP.items()):
        command = click.option("--" + name.replace("_", "-"), name, multiple=True, help=text)(command)
    return command


@click.command()
@click.argument("question")
@click.option("--lang", type=LANGUAGES, help="Language of the question; else detected.")
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="How many passages.")
@click.option("--offset", type=click.IntRange(0), default=0, help="How many to pass over.")
@filters
@as_json
def search(question: str, lang: str | None, limit: int, offset: int, json_: bool, **chosen: tuple[str, ...]) -> None:
    """Find passages by meaning, words and names, in both languages. A filter may be given several times."""
    from search_api.printing import print_hits
    from search_api.search import search as find

    found = find(opened_search(), question, lang, chosen, limit=limit, offset=offset)
    give(found, lambda hits: print_hits(hits, offset), json_)


def opened_search() -> Any:
    from search_api.answers import open_corpus

    settings = load_settings()
    return open_corpus(in_use(settings), settings.encoder).searching


@click.command(name="eval")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--show", "show_wrong", is_flag=True, help="Tell what is wrong, question by question.")
@click.option("--baseline", type=click.Path(path_type=Path), help="Compare with figures that --json printed before.")
@as_json
def evaluate(file: Path, show_wrong: bool, baseline: Path | None, json_: bool) -> None:
    """Score answers and search on a file of questions (JSON lines)."""
    from search_api.answers import ask as answer
    from search_api.evaluation import compared, judge, read_baseline, read_questions, summary
    from search_api.search import search as find

    questions, before = read_questions(file), read_baseline(baseline) if baseline else {}
    opened = opened_search()
    results = judge(questions, lambda q, lang: answer(opened.corpus, q, lang), lambda q, lang: find(opened, q, lang))
    figures = summary(results)
    for result in results if show_wrong else ():
        if told := result.told():
            click.echo(told, err=True)
    if json_:
        show(figures)
    else:
        for line in compared(figures, before):
            click.echo(line)


@click.command()
@click.argument("text", metavar="QUERY|@FILE")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "csv", "tsv", "turtle"]),
    default="table",
    help="Form of the result.",
)
@as_json
def sparql(text: str, format_: str, json_: bool) -> None:
    """Run a SPARQL query, read only. The prefixes of the product need not be declared."""
    import pyoxigraph as ox

    from kg.store import Triples, query, serialise

    if text.startswith("@"):
        path = Path(text[1:])
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"cannot be read: {error}", where=str(path), remedy="name a file with a query") from error
    generation = in_use(load_settings())
    base = generation.manifest["base"]
    result = query(generation, text, base=base)
    formats: dict[str, ox.QueryResultsFormat | ox.RdfFormat] = {
        "json": ox.QueryResultsFormat.JSON,
        "csv": ox.QueryResultsFormat.CSV,
        "tsv": ox.QueryResultsFormat.TSV,
        "turtle": ox.RdfFormat.TURTLE,
    }
    if isinstance(result, Triples):
        formats["json"] = ox.RdfFormat.JSON_LD
    chosen = "json" if json_ else format_
    if chosen == "table":
        from search_api.printing import print_table

        click.echo(
            serialise(result, ox.RdfFormat.TURTLE, base=base).decode()
            if isinstance(result, Triples)
            else print_table(result, base)
        )
    else:
        click.echo(serialise(result, formats[chosen], base=base).decode("utf-8"))


@click.command()
@click.option("--kind", type=click.Choice(["measure", "part", "edition", "merge"]), help="Suggestions of one kind alone.")
@click.option("--lang", type=click.Choice(["nl", "fr"]), help="Language of the prompts; else that of the environment.")
@click.option("--who", envvar="GVPP_WHO", default="curator", show_default=True, help="Who judges: a role or initials.")
@click.option("--limit", type=click.IntRange(1), help="How many suggestions.")
@as_json
def review(kind: str | None, lang: str | None, who: str, limit: int | None, json_: bool) -> None:
    """Accept or reject suggested links one by one, the best first, with the passages of both sides. --json lists them."""
    from search_api.answers import open_corpus
    from search_api.review import Desk, listed, walk

    settings = load_settings()
    opened = listed(open_corpus(in_use(settings)), settings.data, kind)
    for problem in opened.problems:
        click.echo(f"! {problem}", err=True)
    if json_:
        show({"open": len(opened.suggestions), "suggestions": opened.suggestions[:limit]})
    else:
        walk(opened, Desk(lang), settings.data, who, limit)


COMMANDS = (ask, network, compare, coverage, search, evaluate, sparql, review)
