"""HTTP as it may be used here: the token stays with its origin, and nothing that arrives outlives the deadline."""

from __future__ import annotations

import requests

from data_access.deadlines import _TimedAdapter
from data_access.partner_center import protocol

_CONNECTIONS = 64  # kept for the next request; beyond what several fetches need, since each one too many is a warning


class Bearer(requests.auth.AuthBase):
    """The token, as an auth object: requests would let a ~/.netrc entry replace a plain Authorization header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Guarded(requests.Session):
    """Sends a token to one origin alone, and has a clock on everything that arrives.

    `carrier` takes the place of the network, for a service inside this process.
    """

    def __init__(self, carrier: requests.adapters.BaseAdapter | None = None) -> None:
        super().__init__()
        for scheme in ("https://", "http://"):
            self.mount(scheme, carrier or _TimedAdapter(pool_maxsize=_CONNECTIONS))

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        try:
            target = super().get_redirect_target(resp)
            same = target is None or protocol.same_origin(resp.url, requests.compat.urljoin(resp.url, target))
        except ValueError:  # an address that cannot be read is nobody we know
            same = False
        if not same:
            resp.close()
            raise protocol.redirected(resp.headers, resp.status_code)
        if target is not None:
            resp.close()  # or its body would be read, however long it is
        return target

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Leave the token: only its own origin gets this far, and a ~/.netrc entry would replace it here too."""
