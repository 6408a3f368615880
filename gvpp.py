"""The command line: the one place that joins ingest and search. Heavy libraries are imported where they are needed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

import click

from kg.errors import ExtractionError, GvppError, MetadataError, SourceError, StoreError, UsageError
from kg.settings import Settings, load_settings

LANGUAGES = click.Choice(["nl", "fr", "en"])


class Commands(click.Group):
    """Turns the errors of the product into a message (or JSON) and their exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        json_ = "--json" in ctx.args
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if not json_:
                raise
            place = error.ctx.command_path if error.ctx else ctx.command_path
            self.fail(ctx, UsageError(error.format_message(), where=place, remedy=f"see `{place} --help`"), json_)
        except GvppError as error:
            self.fail(ctx, error, json_)
        except BrokenPipeError:
            # The reader went away ("gvpp … | head"): nothing is wrong, and there is nobody to tell.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)

    @staticmethod
    def fail(ctx: click.Context, error: GvppError, json_: bool) -> NoReturn:
        if json_:
            show(error.as_dict())
        else:
            click.echo(f"gvpp: {error}", err=True)
        ctx.exit(error.exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gvpp")
def main() -> None:
    """Safety and prevention plans of the Brussels Region: build the knowledge graph, ask it, query it."""


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "json_", is_flag=True, help="Print JSON instead of text.")(command)


def show(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


# ---------------------------------------------------------------- build


@main.command()
@click.option(
    "--corpus", multiple=True, type=click.Path(path_type=Path), help="Folder with documents; may be given several times."
)
@as_json
def build(corpus: tuple[Path, ...], json_: bool) -> None:
    """Read every document of the corpus, validate, and publish the graph."""
    settings = load_settings()
    folders = remembered(settings, corpus)
    finish(run_build(settings, folders, json_), json_)


def remembered(settings: Settings, given: tuple[Path, ...]) -> list[Path]:
    """The folders to build: those given, else those of the last build, else those of the settings; and the data folder's own."""
    from ingest.adopt import OWN
    from kg.store import current

    own = settings.data / OWN
    before = current(settings.data)
    folders = [f for f in map(Path, before.manifest["folders"] if before else ()) if f.resolve() != own.resolve()]
    if not folders and (settings.corpus != Settings().corpus or settings.corpus[0].is_dir()):
        folders = list(settings.corpus)  # the default folder need not be there
    folders = list(given) or folders
    return [*folders, own] if own.is_dir() else folders


def run_build(settings: Settings, folders: Iterable[Path], quiet: bool) -> Any:
    from ingest.pipeline import build as run
    from ingest.printing import progress

    if quiet:
        return run(settings, folders)
    with progress() as report:
        return run(settings, folders, progress=report)


def finish(result: Any, json_: bool) -> None:
    """Tell what a build did; the exit code says whether a file was left out."""
    errors = [error.as_dict() for error in result.errors]
    if json_:
        show(
            {
                "version": result.generation.manifest["name"] if result.generation else None,
                "changed": result.changed,
                "added": result.added,
                "updated": result.updated,
                "kept": result.kept,
                "removed": result.removed,
                "documents": result.counts,
                "detected": result.detected,
                "findings": result.findings,
                "judgements": result.judgements,
                "warnings": result.warnings,
                "notes": result.notes,
                "errors": errors,
            }
        )
    else:
        from ingest.printing import told

        for line in told(result):
            click.echo(line)
        for error in result.errors:
            click.echo(f"! {error}", err=True)
    if result.errors:
        sys.exit(max(error.exit_code for error in result.errors))


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--id", "document", help="Document id; else made from the file name.")
@click.option("--genre", type=click.Choice(["plan", "report", "fiche", "resolution"]), help="Genre; else detected.")
@click.option("--lang", type=click.Choice(["nl", "fr"]), help="Language; else detected.")
@click.option("--title", help="Title; else detected.")
@click.option("--year", type=click.IntRange(1990, 2100), help="Year reported on; else detected.")
@as_json
def ingest(files: tuple[Path, ...], document: str | None, json_: bool, **options: Any) -> None:
    """Add documents, or replace them: copy them into the data folder and build."""
    from ingest.adopt import adopt, all_or_nothing
    from ingest.pipeline import Result

    if len(files) > 1 and document:
        raise UsageError("--id names one document, and several files were given", remedy="ingest them one by one")
    settings = load_settings()
    errors: list[GvppError] = []
    result = Result()
    with all_or_nothing(settings.data):
        for file in files:
            try:
                adopt(settings.data, file, document=document, **options)
            except (SourceError, MetadataError, ExtractionError, UsageError) as error:
                errors.append(error)
        if len(errors) < len(files):
            result = run_build(settings, remembered(settings, ()), json_)
    result.errors = [*errors, *result.errors]
    finish(result, json_)


@main.command()
@click.argument("document")
@as_json
def remove(document: str, json_: bool) -> None:
    """Take a document and everything that rests on it out of the graph."""
    from ingest.adopt import all_or_nothing, discard

    settings = load_settings()
    folders = remembered(settings, ())
    with all_or_nothing(settings.data):
        discard(settings.data, document, folders)
        result = run_build(settings, folders, json_)
    finish(result, json_)


@main.command()
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


# ---------------------------------------------------------------- read


def in_use(settings: Settings) -> Any:
    from kg.store import current

    generation = current(settings.data)
    if generation is None:
        raise StoreError("nothing has been built yet", where=str(settings.data), remedy="run `gvpp build --corpus DIR`")
    return generation


@main.command()
@click.argument("question")
@click.option("--lang", type=LANGUAGES, help="Language of the answer; else that of the question.")
@as_json
def ask(question: str, lang: str | None, json_: bool) -> None:
    """Answer a question in Dutch, French or English, with the sources of every line."""
    from search_api.answers import ask as answer
    from search_api.answers import open_corpus
    from search_api.printing import print_answer

    reply = answer(open_corpus(in_use(load_settings())), question, lang)
    if json_:
        show(reply)
    else:
        click.echo(print_answer(reply))


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


@main.command()
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
    if json_:
        show(found)
    else:
        click.echo(print_hits(found, offset))


def opened_search() -> Any:
    from search_api.answers import open_corpus
    from search_api.search import open_search

    settings = load_settings()
    return open_search(open_corpus(in_use(settings)), settings.encoder)


@main.command(name="eval")
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


@main.command()
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


@main.command()
@as_json
def validate(json_: bool) -> None:
    """Check every public graph against the SHACL shapes."""
    from dataclasses import asdict

    from kg.validate import violations

    generation = in_use(load_settings())
    found = [
        violation
        for file in sorted((generation.path / "graphs").glob("*.nq"))
        for violation in violations(file.stem, file.read_bytes(), generation.manifest["base"])
    ]
    if json_:
        show({"conforms": not found, "violations": [asdict(violation) for violation in found]})
    else:
        for violation in found:
            click.echo(f"! {violation.graph}: {violation.node} {violation.path}: {violation.message} {violation.value}")
        click.echo("every graph conforms to the shapes" if not found else f"{len(found)} violations")
    if found:
        sys.exit(5)


@main.command()
@as_json
def status(json_: bool) -> None:
    """What the data folder holds, and from which sources."""
    settings = load_settings()
    manifest = in_use(settings).manifest
    if json_:
        show(
            {
                key: manifest[key]
                for key in ("name", "date", "base", "software", "folders", "sources", "documents", "findings", "warnings")
            }
        )
        return
    click.echo(
        f"version {manifest['name']} of {manifest['date']}, in {settings.data}\n"
        f"built by {manifest['software']}, base {manifest['base']}"
    )
    for key, source in sorted(manifest["sources"].items()):
        counts = ", ".join(f"{n} {kind}" for kind, n in manifest["documents"][source["document"]].items())
        title = source["title"].get(source["lang"]) or next(iter(source["title"].values()))
        click.echo(f"  {key} [{source['genre']}, {source['year'] or '?'}] {title}: {counts}")
    click.echo(
        f"{len(manifest['findings'])} findings, {len(manifest['warnings'])} places not understood; `gvpp build` lists them"
    )


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@as_json
def export(folder: Path, json_: bool) -> None:
    """Write the public graphs to files: Turtle, TriG, JSON-LD, and the main tables as CSV."""
    from kg.export import export as write

    written = write(in_use(load_settings()), folder)
    if json_:
        show({"files": [str(path) for path in written]})
    else:
        for path in written:
            click.echo(str(path))


@main.command()
@click.option("--host", default="127.0.0.1", envvar="GVPP_HOST", show_default=True, help="Address; 0.0.0.0 for every one.")
@click.option("--port", default=8000, envvar="GVPP_PORT", show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 64), help="Processes that run SPARQL queries.")
@click.option("--seconds", default=10.0, show_default=True, type=click.FloatRange(0.1, 600), help="Time limit of a SPARQL query.")
def serve(host: str, port: int, workers: int, seconds: float) -> None:
    """Serve questions, SPARQL and linked data over HTTP; a new build is picked up without restart."""
    from search_api.service import serve as run
    from search_api.sparql_run import Limits

    limits = Limits(workers=workers, seconds=seconds, wait=seconds * 1.5)
    run(load_settings(), limits, host=host, port=port, announce=lambda address: click.echo(f"gvpp serves at {address}"))


if __name__ == "__main__":
    main()
