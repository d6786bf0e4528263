"""The family of errors: a message, the next step, the exit code, and the details for support.

    PartnerCenterError
    ├── SettingsError        bad usage or settings                       exit 2
    │   ├── HistoryError     the history cannot be read or written       exit 2
    │   │   ├── StoreUnanswered  it did not answer in time               exit 2
    │   │   └── NotKept          it can be read, and has nothing of it   exit 2
    │   └── FileUnanswered   DIGEST_FILE did not answer in time          exit 2
    ├── BadRequest           400, 404, 405 …: the question is wrong      exit 2
    ├── SignInError          401: Partner Center turned the token down   exit 3
    │   ├── SignInNeeded     no token can be asked for: not tried        exit 3
    │   └── SignInRefused    Entra ID refused a token                    exit 3
    ├── NotPermitted         403: signed in, but not allowed             exit 4
    │   └── ApplicationAlone  the token is of no person                  exit 4
    ├── Unavailable          no answer, 408, 5xx after all retries       exit 5
    │   ├── Throttled        429: the service asks to wait               exit 5
    │   ├── Intercepted      something in between answered               exit 5
    │   ├── NoSignInService  Entra ID gives no answer                    exit 5
    │   ├── NotSent          a message certainly was not sent            exit 5
    │   ├── Uncertain        a message may have been sent, or not        exit 5
    │   └── EngineError      the history's engine gives no answer        exit 5
    └── Unreadable           an answer that cannot be understood         exit 6
        └── DamagedHistory   files in the history changed or are gone    exit 6

`message` is one sentence for the account manager, `advice` the next step, and `details` what the operator copies into a
support ticket. None of them ever holds a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Details:
    """What the service said about a call that failed; None where it said nothing."""

    status: int | None = None
    code: str | None = None
    description: str | None = None
    request_id: str | None = None
    correlation_id: str | None = None
    retry_after: float | None = None  # seconds

    def labelled(self) -> dict[str, str]:
        """The known details under their names in Microsoft's documentation."""
        return {
            label: f"{value:g} s" if field == "retry_after" else str(value)
            for field, label in _LABELS.items()
            if (value := getattr(self, field)) is not None
        }

    def for_log(self) -> str:
        """The details on one line, without the service's description: it may name a customer."""
        return ", ".join(f"{label} {fact}" for label, fact in replace(self, description=None).labelled().items()) or "-"

    def for_programs(self) -> dict[str, object]:
        """The details as fields, likewise without the description."""
        return {
            "status": self.status,
            "code": self.code,
            "request_id": self.request_id,
            "correlation_id": self.correlation_id,
        }

    def of(self, request_id: str, correlation_id: str) -> Details:
        """The details with the ids of the request where the answer has none: they are what support can search for."""
        return replace(
            self,
            request_id=self.request_id or request_id,
            correlation_id=self.correlation_id or correlation_id,
        )

    def without(self, secret: str) -> Details:
        """The details with `***` wherever the service repeated the secret."""
        texts = {name: getattr(self, name) for name in ("code", "description", "request_id", "correlation_id")}
        return replace(self, **{name: text and text.replace(secret, "***") for name, text in texts.items()})


_NOT_FOUND = 404  # HTTP status

_LABELS = {
    "status": "HTTP status",
    "code": "Code",
    "description": "Description",
    "retry_after": "Retry-After",
    "request_id": "MS-RequestId",
    "correlation_id": "MS-CorrelationId",
}


class PartnerCenterError(Exception):
    """The root of the family: every error that this package raises on purpose."""

    exit_code = 1
    title = "Something went wrong"
    #: The tenant ids of customers that it befell, where it stands for many: by why, as in `answers.OfCustomers`.
    unread: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def __init__(self, message: str, advice: str, details: Details | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.details = details or Details()

    def __str__(self) -> str:
        return f"{self.message} {self.advice}"

    @property
    def is_unknown(self) -> bool:
        """Whether Partner Center does not know what was asked for: the address, or the customer."""
        return False


class SettingsError(PartnerCenterError):
    exit_code = 2
    title = "The settings need attention"


class HistoryError(SettingsError):
    title = "The history cannot be used"


class StoreUnanswered(HistoryError):
    """An operation of the store was given up, or one before it that is still under way."""


class NotKept(HistoryError):
    """A history that can be read has nothing of what was asked for."""

    title = "Not in the history"


class FileUnanswered(SettingsError):
    """A file that the operator keeps does not answer, as on a share that hangs."""


class BadRequest(PartnerCenterError):
    exit_code = 2
    title = "Partner Center did not accept the request"

    @property
    def is_unknown(self) -> bool:
        return self.details.status == _NOT_FOUND


class SignInError(PartnerCenterError):
    exit_code = 3
    title = "Sign-in needed"


class SignInNeeded(SignInError):
    """No token can be requested here; Microsoft got no request."""


class SignInRefused(SignInError):
    """Entra ID refused a token."""

    title = "Sign-in refused"


class NotPermitted(PartnerCenterError):
    exit_code = 4
    title = "Not permitted"


class ApplicationAlone(NotPermitted):
    """The token is of an application and of no person: every call of this kind will be refused."""


class Unavailable(PartnerCenterError):
    exit_code = 5
    title = "Partner Center is not answering"


class Throttled(Unavailable):
    title = "Partner Center asks us to wait"


class Intercepted(Unavailable):
    """A proxy, a firewall or a sign-in page answered; Partner Center got no call, or its answer was withheld."""

    title = "Something stands in between"


class NoSignInService(Unavailable):
    title = "Microsoft's sign-in is not answering"


class NotSent(Unavailable):
    title = "The message was not sent"


class Uncertain(Unavailable):
    """The connection broke after a message was handed over."""

    title = "The message may have been sent, or not"


class EngineError(Unavailable):
    title = "The history does not answer"


class Unreadable(PartnerCenterError):
    exit_code = 6
    title = "The answer cannot be understood"


class DamagedHistory(Unreadable):
    title = "The history is damaged"
