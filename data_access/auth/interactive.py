"""How a person signs in at a terminal: by a browser on this machine, or by a code entered in one elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import msal
from msal.oauth2cli import AuthCodeReceiver

from data_access import deadlines
from data_access.auth.credentials import TIMEOUT, Answer
from data_access.auth.entra import Registration
from data_access.errors import SignInNeeded

_PATIENCE = 600  # seconds that a person has to sign in
Tell = Callable[[str], None]


def by_browser(
    registration: Registration, tell: Tell, patience: float = _PATIENCE
) -> Callable[[msal.ConfidentialClientApplication], Answer]:
    """A person signs in with a browser on this machine: authorization code with PKCE, back to a port of loopback.

    `tell` hears the address to open where no browser can be started. `patience`: seconds that the person has.
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
            answer = receiver.get_auth_response(
                auth_uri=flow["auth_uri"],
                state=flow["state"],
                timeout=patience,
                auth_uri_callback=lambda address: tell(
                    "No browser can be started. Open this address in one on this machine, or press Ctrl-C and use"
                    f" --device-code for one elsewhere:\n{address}"
                ),
            )
            if not answer:
                raise SignInNeeded(
                    f"Nobody signed in within {patience / 60:.0f} minutes.", "Start again, or use --device-code."
                )
            try:
                return dict(app.acquire_token_by_auth_code_flow(flow, answer))
            except ValueError:  # another request's answer
                raise SignInNeeded("The browser came back from another sign-in.", "Start again.") from None

    return acquire


def by_device_code(registration: Registration, tell: Tell) -> Callable[[msal.ConfidentialClientApplication], Answer]:
    """A person signs in with a browser anywhere, by entering a code; `tell` hears where and which."""

    def acquire(app: msal.ConfidentialClientApplication) -> Answer:
        # Only public clients may use codes. What they get goes into the same store, and is renewed with the secret.
        public = msal.PublicClientApplication(
            registration.client_id,
            authority=registration.authority,
            instance_discovery=False,
            token_cache=app.token_cache,
            http_client=deadlines.Punctual(TIMEOUT),
        )
        flow = public.initiate_device_flow([registration.scope])
        if "user_code" not in flow:
            return dict(flow)
        tell(flow["message"])
        return dict(public.acquire_token_by_device_flow(flow))

    return acquire
