"""The command that answers a parliamentary question as a whole, and the dossiers that were saved."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from kg.errors import SourceError, UsageError
from kg.settings import load_settings
from search_api.commands import LANGUAGES, as_json, give, opened_search, show

FORMATS = {".md": "markdown", ".docx": "docx", ".json": "json"}


@click.command()
@click.argument("file", required=False, metavar="FILE|-")
@click.option("--lang", type=LANGUAGES, help="Language of the dossier; else that of the text.")
@click.option("--bilingual", is_flag=True, help="Headings and sentences in Dutch and in French.")
@click.option("--format", "format_", type=click.Choice(["markdown", "docx", "json"]), help="Else by the ending of --output.")
@click.option("--output", type=click.Path(path_type=Path), help="File to write; else it is printed.")
@click.option("--save", is_flag=True, help="Keep the question and its dossier in the data folder; else nothing is kept.")
@click.option("--saved", "list_", is_flag=True, help="List what was saved, and nothing else.")
@click.option("--show", "shown", metavar="ID", help="Give a saved dossier as it was.")
@click.option("--forget", metavar="ID", help="Remove a saved dossier.")
@as_json
def dossier(
    file: str | None,
    lang: str | None,
    bilingual: bool,
    format_: str | None,
    output: Path | None,
    save: bool,
    list_: bool,
    shown: str | None,
    forget: str | None,
    json_: bool,
) -> None:
    """Answer a parliamentary question in a file (- for standard input): each sub-question, tables, gaps, numbered sources."""
    from search_api import dossier_store as store

    if sum((file is not None, list_, shown is not None, forget is not None)) != 1:
        raise UsageError(
            "name one file, or one of --saved, --show and --forget", where="gvpp dossier", remedy="see gvpp dossier --help"
        )
    data = load_settings().data
    if list_:
        kept = [{key: one[key] for key in ("id", "saved", "title")} for one in store.saved(data)]
        give({"saved": kept}, lambda found: "\n".join(f"{o['id']}  {o['saved']}  {o['title']}" for o in found["saved"]), json_)
    elif forget is not None:
        store.forget(data, forget)
        give({"removed": forget}, lambda found: f"{found['removed']} is removed", json_)
    elif shown is not None:
        _give(store.load(data, shown)["dossier"], format_, output, json_)
    else:
        from search_api.dossier import dossier as make

        text = _text(str(file))
        searching = opened_search()
        made = make(searching, text, lang, bilingual=bilingual)
        made["similar"] = store.beside(data, searching, text, made)
        if save:
            made["saved"] = store.save(data, text, made)
            click.echo(f"saved as {made['saved']}", err=True)
        _give(made, format_, output, json_)


def _text(file: str) -> str:
    """The pasted text; what is no text is refused with a remedy."""
    from search_api.dossier_split import LIMIT

    try:
        content = sys.stdin.buffer.read(LIMIT + 1) if file == "-" else Path(file).read_bytes()[: LIMIT + 1]
    except OSError as error:
        raise SourceError(f"cannot be read: {error}", where=file, remedy="name a text file, or - for standard input") from error
    if len(content) > LIMIT:
        raise UsageError(f"the text is larger than {LIMIT} bytes", where=file, remedy="paste the question alone, or a part of it")
    if content[:4] in (b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0") or b"\0" in content:
        raise SourceError("is no text", where=file, remedy="copy the words of the question into a text file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")  # what Windows writes


def _give(made: dict[str, Any], format_: str | None, output: Path | None, json_: bool) -> None:
    chosen = "json" if json_ else format_ or (FORMATS.get(output.suffix.casefold()) if output else None) or "markdown"
    if chosen == "docx" and output is None:
        raise UsageError("a DOCX file cannot be printed", where="gvpp dossier", remedy="name a file with --output")
    if output is None and chosen == "json":
        show(made)
        return
    content: str | bytes
    if chosen == "docx":
        from search_api.dossier_docx import docx

        content = docx(made)
    elif chosen == "json":
        import json

        content = json.dumps(made, ensure_ascii=False, indent=2) + "\n"
    else:
        from search_api.dossier_markdown import markdown

        content = markdown(made)
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        output.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot be written: {error}", where=str(output), remedy="choose another --output") from error
    if not json_:
        click.echo(str(output))
