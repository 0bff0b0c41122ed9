"""Answers without their content for whoever has it already (RFC 9110, 13): feeds are asked for every few minutes."""

import hashlib
from collections.abc import Sequence
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from assets.mail.shelf import Kept

_FILES = StaticFiles()
"""Starlette's own judgement of the headers, which are those of files."""


def unless_known(request: Request, response: Response, shown: Sequence[Kept]) -> Response:
    """The response with its tag and the time of what it shows, or 304 if the request has it."""
    response.headers["etag"] = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
    if shown:
        response.headers["last-modified"] = format_datetime(max(kept.kept_at for kept in shown), usegmt=True)
    if not _FILES.is_not_modified(response.headers, request.headers):
        return response
    # All else stays, above all the policy: a browser takes the headers of a 304 for those of the page it has.
    headers = {
        name: value for name, value in response.headers.items() if not name.startswith(("content-l", "content-t"))
    }
    return Response(status_code=304, headers=headers)
