"""Microsoft's clouds by name: the addresses of Partner Center, of the sign-in and of Microsoft Graph in each.

Sources: the pages "Partner Center REST URLs" and "Microsoft Graph national cloud deployments". The cloud for Germany
has been shut.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The country whose catalogue of products is asked where nothing names another.
COUNTRY = "US"


@dataclass(frozen=True, slots=True)
class Cloud:
    """Addresses without a slash at the end."""

    base_url: str
    authority: str
    graph: str

    @property
    def scope(self) -> str:
        """The permission to act in Partner Center as the signed-in user. It follows the cloud, even where
        PARTNER_CENTER_BASE_URL names another address.
        """
        return f"{self.base_url}/user_impersonation"


CLOUDS = {
    "global": Cloud(
        "https://api.partnercenter.microsoft.com", "https://login.microsoftonline.com", "https://graph.microsoft.com"
    ),
    "us-government": Cloud(
        "https://api.partnercenter.microsoft.com", "https://login.microsoftonline.us", "https://graph.microsoft.us"
    ),
    "china": Cloud(
        "https://partner.partnercenterapi.microsoftonline.cn",
        "https://login.partner.microsoftonline.cn",
        "https://microsoftgraph.chinacloudapi.cn",
    ),
}
