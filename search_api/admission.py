"""Who may use the administration, whichever way a token came: in a header (the API) or in the cookie of /review."""

from __future__ import annotations

import asyncio

from fastapi import Request

from search_api import audit
from search_api.problems import Problem
from search_api.tokens import Keeper, Token


def there(request: Request, keeper: Keeper) -> None:
    """Problem where the last token was revoked since the start: as if the administration had never been."""
    if not keeper.known():
        raise Problem(404, "not-found", f"there is nothing at {request.url.path}", remedy="see /openapi.json")


async def admit(request: Request, keeper: Keeper, secret: str | None, *scopes: str) -> Token:
    """The token of a secret; Problem where there is none, or none of these scopes. What lacks the scope is written down."""
    there(request, keeper)
    token = keeper.find(secret) if secret else None
    if token is None:
        what = "this token is not known, or has expired" if secret else "a token is needed"
        headers = {"www-authenticate": 'Bearer realm="gvpp"'}
        raise Problem(401, "token", what, where="Authorization", remedy="send Authorization: Bearer …", headers=headers)
    if not set(scopes) & set(token.scopes):
        route = getattr(request.scope.get("route"), "path", "")
        await asyncio.to_thread(audit.write, keeper.data, "refused", token, route=route, method=request.method)
        wanted = " or ".join(scopes)
        headers = {"www-authenticate": f'Bearer realm="gvpp", error="insufficient_scope", scope="{" ".join(scopes)}"'}
        raise Problem(403, "scope", f"this needs the scope {wanted}", where="Authorization", headers=headers)
    return token
