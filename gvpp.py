"""The command line: the one place that joins ingest and search. Heavy libraries are imported where they are needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import click

from kg.errors import ExtractionError, GvppError, MetadataError, SourceError, UsageError
from kg.settings import Settings, load_settings
from search_api.commands import COMMANDS, as_json, in_use, show
from search_api.commands_dossier import dossier


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


for command in (*COMMANDS, dossier):
    main.add_command(command)


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
                "merges": result.merges,
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
