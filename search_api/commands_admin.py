"""The commands of those who run the service: tokens, agents. Heavy libraries are imported where they are needed."""

from __future__ import annotations

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


ADMIN_COMMANDS: tuple[click.Command, ...] = (token, mcp)
