"""Microsoft Entra ID, small enough to run in a thread: sign-in over HTTPS on loopback for real clients.

Written from Microsoft's public pages on the identity platform (authorization code, device code, on-behalf-of, client
credentials, refresh tokens, claims references, AADSTS codes) and from answers of the service that others published::

    amy = Person("Amy Adams", "amy@contoso.example")
    callback = "http://localhost/oauth2callback"
    app = App("Insights", "its-secret", redirect_uris=[callback], consented={USER_IMPERSONATION})
    contoso = Tenant("contoso.example", people=[amy], apps=[app])
    with serving(Entra([contoso])) as entra:
        msal.ConfidentialClientApplication(
            app.client_id, "its-secret", entra.authority(), instance_discovery=False, verify=str(entra.ca_bundle)
        )

How clients reach it:

* **Certificate.** `entra.ca_bundle` is the file to trust; `entra.environment` names it for requests
  (`REQUESTS_CA_BUNDLE`, so MSAL) and for httpx (`SSL_CERT_FILE`, so Authlib and with it Streamlit's `st.login`).
  Where `REQUESTS_CA_BUNDLE` is set, it outranks MSAL's `verify`, so a test sets it rather than relying on the latter.
* **MSAL's authority.** By default MSAL 1.39 asks `login.microsoftonline.com` whether it knows an authority's host.
  What works here, each alone: `instance_discovery=False`; `validate_authority=False`; or
  `oidc_authority=entra.authority() + "/v2.0"` instead of `authority`. An address given as `instance_discovery` is
  honoured when the application is built (`/common/discovery/instance` is answered), but every search of the cache
  for an account then asks Microsoft all the same.
* **MSAL's memory.** MSAL repeats a refusal (400) from memory for 60 seconds when asked the very same thing, and a 429
  or 5xx for as long as Retry-After says, 5 seconds without it; only polling for a device code is exempt. A test that
  heals what was wrong builds a new application around the same cache. Metadata stays in memory for a day.
* **MSAL and `response_mode`.** MSAL warns unless told `response_mode="form_post"`.
* **The clock.** `entra.clock.advance(days=91)` moves the emulator alone. MSAL goes by its own clock, so ask it with
  `force_refresh=True` afterwards; who validates ID tokens by its own clock finds later ones issued in the future.
* **Secrets.** A request's fields and headers are kept, but in no repr.

Left out: `common` and `organizations` in place of a tenant, guests, certificates of clients (`client_assertion`),
passwords, the implicit and hybrid flows, version 1.0 endpoints, UserInfo (Microsoft Graph serves it, not Entra ID).
"""

from tests.entra.directory import (
    PARTNER_CENTER,
    USER_IMPERSONATION,
    App,
    Clock,
    Person,
    Tenant,
)
from tests.entra.emulator import Asked, Entra, NotAccepted
from tests.entra.troubles import Trouble, answering, broken_off, in_between, reset, slow, unavailable
from tests.entra.visitor import Visitor
from tests.entra.web import serving

__all__ = [
    "PARTNER_CENTER",
    "USER_IMPERSONATION",
    "App",
    "Asked",
    "Clock",
    "Entra",
    "NotAccepted",
    "Person",
    "Tenant",
    "Trouble",
    "Visitor",
    "answering",
    "broken_off",
    "in_between",
    "reset",
    "serving",
    "slow",
    "unavailable",
]
