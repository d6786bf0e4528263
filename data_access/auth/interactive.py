"""Interactive sign-in at a terminal, for `Stored.keep`: with a browser on this machine, or by a code with any other."""

from __future__ import annotations

from collections.abc import Callable

import msal
from msal.oauth2cli import AuthCodeReceiver

from data_access.auth.credentials import REQUEST_TIMEOUT, Answer, Http
from data_access.auth.entra import Registration
from data_access.auth.stored import Acquire
from data_access.errors import SignInNeeded

_BROWSER_TIMEOUT = 600  # seconds that the user has to sign in

Tell = Callable[[str], None]
"""Shows a text to the user."""


def by_browser(registration: Registration, tell: Tell, timeout: float = _BROWSER_TIMEOUT) -> Acquire:
    """Sign in with a browser on this machine: authorization code with PKCE, back to a port of the loopback address.

    `tell` gets the address to open where no browser can be started; `timeout`: seconds that the user has. Raises
    SignInNeeded where no port can be opened, or no sign-in of this flow comes back in time.
    """

    def acquire(app: msal.ConfidentialClientApplication) -> Answer:
        try:
            receiver = AuthCodeReceiver()
        except OSError:
            raise SignInNeeded(
                "No port of this machine can be opened for the browser to come back to.",
                "Use --device-code instead.",
            ) from None
        with receiver:
            flow = app.initiate_auth_code_flow(
                [registration.scope],
                redirect_uri=f"http://localhost:{receiver.get_port()}",
                prompt="select_account",
                response_mode="form_post",
            )
            response = receiver.get_auth_response(
                auth_uri=flow["auth_uri"],
                state=flow["state"],
                timeout=timeout,
                auth_uri_callback=lambda address: tell(
                    "No browser can be started. Open this address in one on this machine, or press Ctrl-C and use"
                    f" --device-code for one elsewhere:\n{address}"
                ),
            )
            if not response:
                raise SignInNeeded(
                    f"No user signed in within {timeout / 60:.0f} minutes.", "Start again, or use --device-code."
                )
            try:
                return dict(app.acquire_token_by_auth_code_flow(flow, response))
            except ValueError:  # the response to another request
                raise SignInNeeded("The browser came back from another sign-in.", "Start again.") from None

    return acquire


def by_device_code(registration: Registration, tell: Tell) -> Acquire:
    """Sign in with a browser on any machine, by a code; `tell` gets the address and the code."""

    def acquire(app: msal.ConfidentialClientApplication) -> Answer:
        # Only public clients may use codes. Their tokens go into the same cache, and are renewed with the secret.
        public_client = msal.PublicClientApplication(
            registration.client_id,
            authority=registration.authority,
            instance_discovery=False,
            token_cache=app.token_cache,
            http_client=Http(REQUEST_TIMEOUT),
        )
        flow = public_client.initiate_device_flow([registration.scope])
        if "user_code" not in flow:
            return dict(flow)
        tell(flow["message"])
        return dict(public_client.acquire_token_by_device_flow(flow))

    return acquire
