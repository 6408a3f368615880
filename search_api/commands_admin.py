"""The commands of those who run the service: tokens, agents, backups. Heavy libraries are imported where they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kg.settings import load_settings
from search_api.commands import as_json, show


@click.group()
def token() -> None:
    """Tokens for administration over HTTP. Without any, those addresses do not exist; the first one needs a restart."""


@token.command()
@click.option("--name", required=True, help="Who gets it: a role or initials. It stands in the audit log.")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="documents, review or personal; may be given several times."
)
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 3650), help="How long it holds.")
@as_json
def create(name: str, scopes: tuple[str, ...], days: int, json_: bool) -> None:
    """Make a token and print it. It is shown this once; only its hash is kept."""
    from search_api.tokens import create as make

    made, secret = make(load_settings().data, name, scopes, days)
    if json_:
        show({**made.as_dict(), "token": secret})
    else:
        click.echo(secret)
        click.echo(f"token {made.id} of {made.name} for {', '.join(made.scopes)}, until {made.expires}", err=True)


@token.command(name="list")
@as_json
def list_(json_: bool) -> None:
    """The tokens there are, without their secrets."""
    from search_api.tokens import read

    known = read(load_settings().data)
    if json_:
        show({"tokens": [each.as_dict() for each in known]})
    else:
        for each in known:
            click.echo(f"{each.id}  {each.name}  {', '.join(each.scopes)}  {each.created} – {each.expires}")
        if not known:
            click.echo("there are no tokens")


@token.command()
@click.argument("identifier", metavar="ID")
@as_json
def revoke(identifier: str, json_: bool) -> None:
    """Take a token back; a running service refuses it at once."""
    from search_api.tokens import revoke as take

    gone = take(load_settings().data, identifier)
    if json_:
        show({"revoked": gone.as_dict()})
    else:
        click.echo(f"revoked: {gone.id} of {gone.name}")


@click.command()
def mcp() -> None:
    """Serve an agent over standard input and output (Model Context Protocol): tools that only read, with their sources."""
    from search_api.agents import serve

    serve(load_settings())


as_told = click.option("--replace", is_flag=True, help="Put it in the place of what is there.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@as_told
@as_json
def backup(file: Path, replace: bool, json_: bool) -> None:
    """Write the data folder to one file, and check that file. It holds personal data: keep it as such."""
    from kg.backup import backup as write

    _tell(write(load_settings().data, file, replace=replace), "written", file, json_)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@as_told
@as_json
def restore(file: Path, replace: bool, json_: bool) -> None:
    """Put a backup in use in the data folder, after a check of every file in it. A running service follows."""
    from kg.backup import restore as read

    _tell(read(load_settings().data, file, replace=replace), "restored", file, json_)


def _tell(made: Any, what: str, file: Path, json_: bool) -> None:
    if json_:
        show({"file": str(file), "version": made.generation, "created": made.created, "files": made.files, "bytes": made.bytes})
    else:
        click.echo(f"{what}: version {made.generation}, {made.files} files, {made.bytes / 1e6:.1f} MB, backup of {made.created}")


ADMIN_COMMANDS: tuple[click.Command, ...] = (token, mcp, backup, restore)
