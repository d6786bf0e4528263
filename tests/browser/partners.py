"""Invented partners for states that the sample does not show."""

from __future__ import annotations

from data_access.emulator.sample import Partner, Row

EVIL = "evil.example"
HOSTILE_NAMES = (
    "=cmd|' /C calc'!A0",
    "<b>x</b><img src=x onerror=alert(1)>",
    f"![x](http://{EVIL}/x.png)",
    ":red[x]",
    f"[a](http://{EVIL})",
    f"http://{EVIL}/",
    f'<a href="http://{EVIL}">y</a>',
    "$x^2$",
    "-5 Ltd",
    "@SUM(A1)",
    "🚀" * 300,
    "شركة الأفق الأخضر للتجارة",
    "one\nline\nafter another",
    "zero\u200bwidth",
)
_PROCESSED = "2026-11-01T00:00:00+00:00"


def row(service: str, channel: str, percent: float, sold: int, **changes: object) -> Row:
    """One row of partner deployment."""
    return {
        "proratedDeploymentPercent": percent,
        "licensesSold": sold,
        "processedDateTime": _PROCESSED,
        "serviceName": service,
        "channel": channel,
        **changes,
    }


def hostile() -> Partner:
    """Each hostile name once as a service and once as a channel, never of the same row."""
    channels = HOSTILE_NAMES[1:] + HOSTILE_NAMES[:1]
    return Partner(
        deployment=[
            row(service, channel, 10 + 5.5 * place, 100 + place)
            for place, (service, channel) in enumerate(zip(HOSTILE_NAMES, channels, strict=True))
        ]
    )


def many_services(number: int) -> Partner:
    """More services than a chart holds, in three channels."""
    channels = ("reseller", "direct", "indirect")
    return Partner(
        deployment=[
            row(f"service{place // 3:03}", channels[place % 3], place * 37 % 1_100 / 10, place * 91 % 5_000)
            for place in range(number * 3)
        ]
    )


def partly_unreadable() -> Partner:
    """Four rows that can be read, and one of each kind that cannot."""
    return Partner(
        deployment=[
            row("o365", "reseller", 71.2, 1_200),
            row("o365", "direct", 55.0, 340),
            row("crm", "reseller", 41.3, 210),
            row("teams", "direct", 93.5, 640),
            row("exo", "direct", 50.0, -5),
            row("spo", "direct", 50.0, 100) | {"licensesSold": "many"},
            row("pbi", "", 50.0, 100),
            "not a row at all",
        ]
    )


def hostile_customers() -> Partner:
    """Customers who bear the hostile names, with one product each of the same kind of name."""
    return Partner(
        deployment=[row("o365", "reseller", 50.0, 100)],
        commercial_deployment=[
            {
                "processedDateTime": "2026-11-01T00:00:00",
                "serviceCode": "o365",
                "serviceName": "Microsoft Office 365",
                "channel": "reseller",
                "customerTenantId": f"AAAAAAAA-0000-4000-8000-{place:012}",
                "customerName": name,
                "productId": f"BBBBBBBB-0000-4000-8000-{place:012}",
                "productName": name,
                "licensesDeployed": 10,
                "licensesSold": 100 + place,
            }
            for place, name in enumerate(HOSTILE_NAMES)
        ],
    )
