"""The sample: an invented partner's rows of all collections, the same for the same seed and day.

Nothing here reads a file, a clock or the network. Rows are dicts with the names, order and spelling of Microsoft's
JSON, `licenseActive` of the commercial usage rows included. Percents are percent points, and can exceed 100. All
collections are made from the same holdings, so they agree with each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from data_access.emulator.subscribed import Bought, Tenants

Row = dict[str, Any]

CHANNELS = ("reseller", "direct", "indirect", "advisor")
"""`reseller` and `direct` are documented; `indirect` and `advisor` are invented."""

# Ten customers in a row: half bought through a reseller, one through an advisor.
_CHANNEL_OF_TEN = [CHANNELS[index] for index in (0, 1, 0, 2, 0, 0, 1, 0, 2, 3)]


class Service(NamedTuple):
    """One row of the table of services."""

    code: str
    """`serviceName` of the partner and customer collections, `serviceCode` of the commercial ones."""
    title: str
    """`serviceName` of the commercial collections."""
    share: float
    """Typical part of the sold licenses that is deployed."""
    size: int
    """Typical number of licenses of one product at one customer."""
    workloads: tuple[tuple[str, str], ...]
    """Code and name."""
    products: tuple[str, ...]


EXCHANGE, SHAREPOINT, SKYPE = ("EXO", "Exchange"), ("SPO", "SharePoint"), ("SFB", "Skype For Business")
TEAMS, INTUNE, ENTRA = ("TEAMS", "Teams"), ("INTUNE", "Intune"), ("AADP", "Entra ID Premium")

# Documented: the codes and titles of `o365` and `crm`; the workloads EXO, SPO and SFB; the names (not the
# codes) of the workloads Teams and Microsoft Dynamics CRM; the first eight products of `o365` and the first of
# `crm`. Invented: all the rest, in the manner of the documented part.
SERVICES = (
    Service("o365", "Microsoft Office 365", 0.78, 46, (EXCHANGE, SHAREPOINT, SKYPE, TEAMS), (
        "OFFICE 365 BUSINESS ESSENTIALS", "OFFICE 365 BUSINESS", "OFFICE 365 ENTERPRISE E3",
        "EXCHANGE ONLINE (PLAN 1)", "EXCHANGE ONLINE PROTECTION",
        "EXCHANGE ONLINE ARCHIVING FOR EXCHANGE ONLINE", "SKYPE FOR BUSINESS ONLINE (PLAN 2)",
        "DOMESTIC AND INTERNATIONAL CALLING PLAN", "OFFICE 365 ENTERPRISE E1", "OFFICE 365 ENTERPRISE E5")),
    Service("crm", "Microsoft Dynamics", 0.41, 14, (("CRM", "Microsoft Dynamics CRM"), SHAREPOINT), (
        "DYNAMICS AX TASK", "DYNAMICS 365 SALES", "DYNAMICS 365 CUSTOMER SERVICE",
        "DYNAMICS 365 TEAM MEMBERS")),
    Service("exo", "Microsoft Exchange Online", 0.91, 24, (EXCHANGE,), (
        "EXCHANGE ONLINE (PLAN 2)", "EXCHANGE ONLINE KIOSK")),
    Service("spo", "Microsoft SharePoint Online", 0.72, 16, (SHAREPOINT,), (
        "SHAREPOINT ONLINE (PLAN 1)", "SHAREPOINT ONLINE (PLAN 2)")),
    Service("teams", "Microsoft Teams", 0.83, 30, (TEAMS,), (
        "MICROSOFT TEAMS ESSENTIALS", "MICROSOFT TEAMS ROOMS PRO", "MICROSOFT TEAMS PHONE STANDARD")),
    Service("sfb", "Skype for Business Online", 0.20, 8, (SKYPE,), ("SKYPE FOR BUSINESS PLUS CAL",)),
    Service("intune", "Microsoft Intune", 0.64, 26, (INTUNE,), (
        "MICROSOFT INTUNE PLAN 1", "MICROSOFT INTUNE SUITE")),
    Service("ems", "Enterprise Mobility + Security", 0.57, 28, (INTUNE, ENTRA), (
        "ENTERPRISE MOBILITY + SECURITY E3", "ENTERPRISE MOBILITY + SECURITY E5")),
    Service("pbi", "Microsoft Power BI", 0.49, 12, (("PBI", "Power BI"),), (
        "POWER BI PRO", "POWER BI PREMIUM PER USER")),
    Service("visio", "Microsoft Visio", 0.88, 4, (("VISIO", "Visio"),), ("VISIO PLAN 1", "VISIO PLAN 2")),
    Service("project", "Microsoft Project", 0.69, 5, (("PROJECT", "Project"),), (
        "PROJECT PLAN 3", "PROJECT PLAN 5")),
    Service("win365", "Windows 365", 0.93, 9, (("W365", "Cloud PC"),), (
        "WINDOWS 365 BUSINESS 2 VCPU 8 GB", "WINDOWS 365 ENTERPRISE 4 VCPU 16 GB")),
    Service("copilot", "Microsoft 365 Copilot", 0.33, 18, (("COPILOT", "Copilot"),), (
        "MICROSOFT 365 COPILOT",)),
    Service("defender", "Microsoft Defender", 0.76, 32, (("MDO", "Defender"),), (
        "MICROSOFT DEFENDER FOR BUSINESS", "MICROSOFT DEFENDER FOR OFFICE 365 (PLAN 1)")),
    Service("mip", "Microsoft Purview", 0.28, 22, (("MIP", "Information Protection"),), (
        "AZURE INFORMATION PROTECTION PREMIUM P1",)),
    Service("powerapps", "Microsoft Power Apps", 0.44, 7, (("POWERAPPS", "Power Apps"),), (
        "POWER APPS PREMIUM", "POWER APPS PER APP")),
    Service("flow", "Microsoft Power Automate", 0.52, 6, (("FLOW", "Power Automate"),), (
        "POWER AUTOMATE PREMIUM",)),
    Service("yammer", "Yammer Enterprise", 0.61, 15, (("YAM", "Yammer"),), ("YAMMER ENTERPRISE",)),
    Service("aadp", "Microsoft Entra ID", 0.96, 25, (ENTRA,), (
        "AZURE ACTIVE DIRECTORY PREMIUM P1", "AZURE ACTIVE DIRECTORY PREMIUM P2")),
    Service("odb", "OneDrive for Business", 0.80, 13, (SHAREPOINT,), (
        "ONEDRIVE FOR BUSINESS (PLAN 1)", "ONEDRIVE FOR BUSINESS (PLAN 2)")),
)  # fmt: skip

EXCEPTIONS: Mapping[tuple[str, str], tuple[int, float]] = {
    ("exo", "direct"): (1, 1.07),  # some licenses were given back, the assignments were not
    ("mip", "indirect"): (1, 0.0),  # sold, and never assigned
    ("yammer", "advisor"): (0, 0.0),  # all given back: no license left to have a percentage of
}
"""Special cases that every sample shows: by service and channel, a factor on the licenses sold and a fixed share."""


class Story(NamedTuple):
    """The events of the year that ends on the day of a sample."""

    catching_up: str = "copilot"
    behind: float = 0.28  # of its licenses, a year ago
    falling_behind: str = "teams"
    ahead: float = 0.12  # likewise
    silent: str = "mip"  # Microsoft did not process this service again
    silence: tuple[int, int] = (84, 53)  # days ago, from and to
    leaver: str = "Lantern Row Ltd"  # a customer that has had no licenses since `left`
    left: int = 119
    joined: int = 63  # days ago; the youngest customer
    growth: float = 0.1  # the part by which fewer licenses were sold a year ago
    season: float = 0.05  # more are sold towards the end of Microsoft's year in June


STORY = Story()

HOSTILE_NAMES = (
    "=cmd|' /C calc'!A0",
    "<b>Bold & Sons</b>",
    "![x](http://example.invalid/x.png)",
    ":red[Alert] GmbH",
    "-5 Ltd",
    "@SUM(A1)",
    "🚀🎉🏢" * 100,
    "Quote \"Comma\", Newline\nand 'Apostrophe' Ltd",
    "شركة الأفق الأخضر للتجارة",
)
"""Names that can break a page or a file. Every sample of at least this many customers has all of them."""

_STEMS = (
    "Ålvik", "Bäckström Öst", "Çiçekli", "Dvořák Sever", "Émeraude", "Fjällräv", "Głogowa", "Høyland",
    "Jötunn", "Königsforst", "Łąka", "Müßig", "Niño Azul", "Östanvind", "Pâquerette", "Quercía", "Río Claro",
    "Škoľník", "Tøndervig", "Überlauf", "Vår Skog", "Wölkchen", "Xàbia Mar", "Göktürk", "Žižkovský Dvůr",
    "Αιγιαλός", "Белая Сова", "青空設計", "한빛나루", "Aldermoor", "Bramblewick", "Coppergate Mill", "Dunlin",
)  # fmt: skip
_FORMS = (
    "{} GmbH", "{} & Söhne KG", "{} AB", "{} A/S", "{} Oy", "{} SARL", "Société {}", "{} S.A.", "{} S.r.l.",
    "Grupo {}", "{} Lda.", "{} Sp. z o.o.", "{} s.r.o.", "{} Kft.", "{} A.Ş.", "{} B.V.", "{} Ltd",
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Partner:
    """The rows of one partner's collections, in the order and spelling of Microsoft's JSON.

    Any rows are served, odd ones too; `partner()` invents consistent ones.
    """

    deployment: Sequence[Any] = ()
    """By service and channel: *Get partner licenses deployment information*."""
    usage: Sequence[Any] = ()
    """By service, workload and channel: *Get partner licenses usage information*."""
    commercial_deployment: Sequence[Any] = ()
    """By customer, product and channel: *Get licenses deployment information*."""
    commercial_usage: Sequence[Any] = ()
    """By customer, product, workload and channel: *Get licenses usage information*."""
    customer_deployments: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """By upper-case customer GUID: *Get customer licenses deployment information*."""
    customer_usages: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """By upper-case customer GUID: *Get customer licenses usage information*."""
    customers: Sequence[Any] = ()
    """*Get a list of customers*."""
    subscriptions: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """By upper-case customer GUID: *Get all of a customer's subscriptions*."""
    seats: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """By upper-case customer GUID: *Get a list of available licenses*."""
    catalog: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    """By the ids of product and SKU: *Get a SKU by ID*."""
    without_role: Collection[str] = ()
    """The customers, by upper-case GUID, at which the partner has no role that may read live seats."""

    def customer_deployment(self, customer_id: str) -> Sequence[Any]:
        """Return one customer's rows, by product and channel; KeyError for an unknown one."""
        return self.customer_deployments[customer_id.upper()]

    def customer_usage(self, customer_id: str) -> Sequence[Any]:
        """Return one customer's rows, by product, workload and channel; KeyError for an unknown one."""
        return self.customer_usages[customer_id.upper()]


def partner(seed: int = 2026, *, as_of: date, customers: int = 120, products: int = 12, ago: int = 0) -> Partner:
    """Invent a partner on the day `as_of`, with so many customers and so many products for each.

    The seed decides who the customers are and what they bought, the day how much is deployed. The same seed on a later
    day is the same partner, with some services better deployed and some worse. Rows are made at first use. There are no
    more products than `SERVICES` lists.

    With `ago` it is the same partner so many days before `as_of`, up to a year. That year follows `STORY`.
    """
    return _Invented(seed, as_of, ago, customers, min(products, len(_PRODUCTS)))


def percent(part: int, whole: int) -> float:
    """Return part of whole in percent points with two decimals, 0.0 where there is no whole."""
    return round(100 * part / whole, 2) if whole else 0.0


class _Holding(NamedTuple):
    """One product at one customer through one channel."""

    customer: int
    product: int
    service: int
    channel: str
    sold: int
    deployed: int
    liveliness: float


class _State(NamedTuple):
    """The state of one service on a day: a summand for its share, and a factor for its sizes."""

    share: float
    size: float


def _workloads(service: Service, product: str) -> tuple[tuple[str, str], ...]:
    # A product that names a workload carries no other, as EXCHANGE ONLINE (PLAN 1) in the documented sample.
    return tuple(pair for pair in service.workloads if pair[1].upper() in product) or service.workloads


_PRODUCTS = [(i, name, _workloads(service, name)) for i, service in enumerate(SERVICES) for name in service.products]
_FIRST_PRODUCT = [[service for service, *_ in _PRODUCTS].index(i) for i in range(len(SERVICES))]


class _Invented(Partner):
    """A partner drawn from a seed; each collection is made at first use."""

    def __init__(self, seed: int, as_of: date, ago: int, customers: int, products: int) -> None:
        random = Random(seed)
        agos = [_last_processed(service, ago) for service in SERVICES]
        days = [as_of - timedelta(days=ago + 1 + 3 * service % 10) for service, ago in enumerate(agos)]
        usage_days = [day - timedelta(days=1 + service % 3) for service, day in enumerate(days)]
        clocks = ("21:40:16.36", "00:00:00", "03:25:16")
        self._days, self._usage_days = days, usage_days
        self._seed, self._day = seed, as_of - timedelta(days=ago)
        self._stamps = [f"{day}T{clocks[service % 3]}+00:00" for service, day in enumerate(days)]
        self._usage_stamps = [f"{day}T00:00:00+00:00" for day in usage_days]
        self._products = [_guid(random) for _ in _PRODUCTS]
        self._customers = [_guid(random) for _ in range(customers)]
        self._names = _names(random, customers)
        states = [_state(service, day, as_of, ago) for service, (day, ago) in enumerate(zip(days, agos, strict=True))]
        self._holdings = [h for c in range(customers) for h in _basket(random, c, products, states)]
        if ago >= STORY.left:
            self._customers.append(_guid(random))
            self._names.append(STORY.leaver)
            self._holdings += _basket(random, customers, products, states)
        if ago > STORY.joined:
            self._holdings = [holding for holding in self._holdings if holding.customer != customers - 1]

    @cached_property
    def deployment(self) -> list[Row]:
        sums = _summed(((h.service, h.channel), h.deployed, h.sold) for h in self._holdings)
        return [
            {
                "proratedDeploymentPercent": percent(deployed, sold),
                "licensesSold": sold,
                **_tail(self._stamps, service, channel, "PartnerLicensesDeploymentInsights"),
            }
            for (service, channel), deployed, sold in sums
        ]

    @cached_property
    def usage(self) -> list[Row]:
        sums = _summed(
            ((h.service, workload, h.channel), active, h.sold)
            for h in self._holdings
            for _, workload, active in _activity(h)
        )
        return [
            {
                "proratedLicensesUsagePercent": percent(active, qualified),
                "workloadName": workload,
                **_tail(self._usage_stamps, service, channel, "PartnerLicensesUsageInsights"),
            }
            for (service, workload, channel), active, qualified in sums
        ]

    @cached_property
    def commercial_deployment(self) -> list[Row]:
        return [
            {
                "processedDateTime": f"{self._days[h.service]}T00:00:00",
                **self._who_and_what(h),
                "licensesDeployed": h.deployed,
                "licensesSold": h.sold,
            }
            for h in self._holdings
        ]

    @cached_property
    def commercial_usage(self) -> list[Row]:
        return [
            {
                "processedDateTime": f"{self._usage_days[h.service]}T00:00:00",
                "workloadCode": code,
                "workloadName": workload,
                **common,
                "licenseActive": active,
                "licensesQualified": h.sold,
            }
            for h in self._holdings
            for common in [self._who_and_what(h)]
            for code, workload, active in _activity(h)
        ]

    # The published bodies of these two collections lack the fields customerId and serviceCode of the published types.

    @cached_property
    def customer_deployments(self) -> dict[str, list[Row]]:
        rows: dict[str, list[Row]] = {customer: [] for customer in self._customers}
        for h in self._holdings:
            rows[self._customers[h.customer]].append(
                {
                    "customerName": self._names[h.customer],
                    "productName": _PRODUCTS[h.product][1],
                    "licensesDeployed": h.deployed,
                    "deploymentPercent": percent(h.deployed, h.sold),
                    "licensesSold": h.sold,
                    **_tail(self._stamps, h.service, h.channel, "CustomerLicensesDeploymentInsights"),
                }
            )
        return rows

    @cached_property
    def customer_usages(self) -> dict[str, list[Row]]:
        rows: dict[str, list[Row]] = {customer: [] for customer in self._customers}
        for h in self._holdings:
            for _, workload, active in _activity(h):
                rows[self._customers[h.customer]].append(
                    {
                        "customerName": self._names[h.customer],
                        "productName": _PRODUCTS[h.product][1],
                        "licensesActive": active,
                        "licensesQualified": h.sold,
                        "usagePercent": percent(active, h.sold),
                        "workloadName": workload,
                        **_tail(self._usage_stamps, h.service, h.channel, "CustomerLicensesUsageInsights"),
                    }
                )
        return rows

    @cached_property
    def customers(self) -> list[Row]:
        return self._tenants.customers

    @cached_property
    def subscriptions(self) -> dict[str, list[Row]]:
        return self._tenants.subscriptions

    @cached_property
    def seats(self) -> dict[str, list[Row]]:
        return self._tenants.seats

    @cached_property
    def catalog(self) -> dict[tuple[str, str], Row]:
        return self._tenants.catalog

    @cached_property
    def without_role(self) -> frozenset[str]:
        return self._tenants.without_role

    @cached_property
    def _tenants(self) -> Tenants:
        bought = [
            Bought(
                self._customers[h.customer],
                self._products[h.product],
                h.product,
                _PRODUCTS[h.product][1],
                h.channel,
                h.sold,
                h.deployed,
            )
            for h in self._holdings
        ]
        return Tenants(self._seed, self._day, list(zip(self._customers, self._names, strict=True)), bought)

    def _who_and_what(self, holding: _Holding) -> Row:
        return {
            "serviceCode": SERVICES[holding.service].code,
            "serviceName": SERVICES[holding.service].title,
            "channel": holding.channel,
            "customerTenantId": self._customers[holding.customer],
            "customerName": self._names[holding.customer],
            "productId": self._products[holding.product],
            "productName": _PRODUCTS[holding.product][1],
        }


def _basket(random: Random, customer: int, products: int, states: Sequence[_State]) -> Iterator[_Holding]:
    """Draw what one customer bought and how much of it is deployed and used."""
    draw = random.random
    home = _CHANNEL_OF_TEN[customer % 10]
    appetite = 0.3 + 3 * draw() ** 3
    # Ten customers in a row surely buy two services, so a hundred buy every service in every channel.
    sure = [_FIRST_PRODUCT[(customer // 10 * 2 + step) % len(SERVICES)] for step in range(2)]
    drawn = random.sample(range(len(_PRODUCTS)), products)
    for position, product in enumerate(list(dict.fromkeys(sure + drawn))[:products]):
        stray, luck, need, liveliness = draw(), draw(), draw(), draw()
        channel = CHANNELS[int(stray * 40)] if position >= 2 and stray < 0.1 else home
        service = _PRODUCTS[product][0]
        factor, share = EXCEPTIONS.get((SERVICES[service].code, channel), (1, None))
        if share is None:
            share = SERVICES[service].share + states[service].share + 0.36 * luck - 0.25
            share = min(max(share, 0), 1.06)
        size = SERVICES[service].size * appetite * (0.4 + 1.2 * need) * states[service].size
        sold = factor * max(round(size), 1)
        yield _Holding(customer, product, service, channel, sold, round(sold * share), liveliness)


def _activity(holding: _Holding) -> Iterator[tuple[str, str, int]]:
    """Yield code, name and active licenses of each workload of a holding."""
    for position, (code, name) in enumerate(_PRODUCTS[holding.product][2]):
        yield code, name, round(holding.deployed * (0.35 + 0.7 * ((holding.liveliness + 0.37 * position) % 1)))


def _progress(service: int, day: date) -> float:
    """The progress of a service between its low (0) and its high (1): up for a year, then down for a year."""
    # Plain arithmetic rather than a sine, whose last digit differs between machines.
    return abs(((day - date(2021, 7, 1)).days / 365 + service * 0.37) % 2 - 1)


def _state(service: int, day: date, today: date, ago: int) -> _State:
    """The state of a service on a day; the story has no part in it on the sample's own day."""
    progress, year = _progress(service, day), ago / 365
    code = SERVICES[service].code
    lead = STORY.ahead * (code == STORY.falling_behind) - STORY.behind * (code == STORY.catching_up)
    sold = 1 - STORY.growth * year + STORY.season * (_season(today - timedelta(days=ago)) - _season(today))
    return _State(0.14 * progress + lead * year, (0.9 + 0.2 * progress) * sold)


def _season(day: date) -> float:
    """From 0 around New Year to 1 at the end of June, and back."""
    return 1 - abs(day.timetuple().tm_yday - 181) / 184


def _last_processed(service: Service, ago: int) -> int:
    """How many days ago the latest processing of a service was, as of `ago` days ago and without its usual lag."""
    begun, ended = STORY.silence
    return begun if service.code == STORY.silent and ended <= ago < begun else ago


def _summed(parts: Iterable[tuple[tuple[Any, ...], int, int]]) -> list[tuple[tuple[Any, ...], int, int]]:
    """Add up parts and wholes by key; keys end with their channel and come in the order of `CHANNELS`."""
    sums: dict[tuple[Any, ...], tuple[int, int]] = {}
    for key, part, whole in parts:
        before = sums.get(key, (0, 0))
        sums[key] = before[0] + part, before[1] + whole
    return [(key, *sums[key]) for key in sorted(sums, key=lambda key: (*key[:-1], CHANNELS.index(key[-1])))]


def _tail(stamps: Sequence[str], service: int, channel: str, kind: str) -> Row:
    return {
        "processedDateTime": stamps[service],
        "serviceName": SERVICES[service].code,
        "channel": channel,
        "attributes": {"objectType": kind},
    }


def _guid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4)).upper()


def _names(random: Random, customers: int) -> list[str]:
    """Return a different name for every customer, the hostile ones scattered among them."""
    ordinary = [form.format(stem) for stem in _STEMS for form in _FORMS]
    random.shuffle(ordinary)
    rounds = range(customers // len(ordinary) + 1)
    numbered = [f"{name} {turn + 1}" if turn else name for turn in rounds for name in ordinary]
    names = [*HOSTILE_NAMES, *numbered][:customers]
    random.shuffle(names)
    return names
