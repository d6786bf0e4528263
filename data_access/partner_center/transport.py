"""The HTTP session of the client: the token goes to one origin alone, and each request ends by its deadline."""

from __future__ import annotations

import requests

from data_access.call_pace import Pace
from data_access.deadlines import DeadlineAdapter
from data_access.partner_center import protocol

_CONNECTIONS = 64  # kept open; more than several fetches need, since the pool warns of each connection beyond it


class Bearer(requests.auth.AuthBase):
    """The token, as an auth object: requests would let a ~/.netrc entry replace a plain Authorization header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class SameOriginSession(requests.Session):
    """Follows redirects within one origin alone, so that no other host receives the token.

    `adapter` replaces the network, for a service inside this process. Requests over the network end by the deadline of
    their thread: see `deadlines.end_requests_at`.
    """

    def __init__(self, adapter: requests.adapters.BaseAdapter | None = None, pace: Pace | None = None) -> None:
        super().__init__()
        self._pace = pace or Pace()
        for scheme in ("https://", "http://"):
            self.mount(scheme, adapter or DeadlineAdapter(pool_maxsize=_CONNECTIONS))

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where a redirect leads, if it stays within the origin. Raises Unreadable if it leaves it."""
        try:
            target = super().get_redirect_target(resp)
            same = target is None or protocol.same_origin(resp.url, requests.compat.urljoin(resp.url, target))
        except ValueError:  # an address that cannot be read
            same = False
        if not same:
            resp.close()
            raise protocol.redirected(resp.headers, resp.status_code)
        if target is not None:
            resp.close()  # or its body would be read, however long it is
            self._pace.begin()  # to follow it is another call
        return target

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Leave the token as it is: the origin is the same, and a ~/.netrc entry would replace it here too."""
