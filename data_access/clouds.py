"""Microsoft's clouds by name: where each has its Partner Center, and where it signs people in.

Source: the Partner Center page "Partner Center REST URLs". The cloud for Germany has been shut.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cloud:
    """Addresses without a slash at the end."""

    base_url: str
    authority: str

    @property
    def scope(self) -> str:
        """The permission to act in Partner Center as the person who signed in; it stays this one when another address
        stands in for the service.
        """
        return f"{self.base_url}/user_impersonation"


CLOUDS = {
    "global": Cloud("https://api.partnercenter.microsoft.com", "https://login.microsoftonline.com"),
    "us-government": Cloud("https://api.partnercenter.microsoft.com", "https://login.microsoftonline.us"),
    "china": Cloud("https://partner.partnercenterapi.microsoftonline.cn", "https://login.partner.microsoftonline.cn"),
}
