"""The front door: names for scripts and for the dashboard, fixed by contract.

The dashboard opens a few rooms directly as well. Every module of it may open `measures`, `datasets`, `texts`, `titles`,
`mutes`, `logs`, `version` and `partner_center.catalog`; the one or two that need it a further room, such as `csv_files`
the one for files. The import contracts in pyproject.toml list these doors, and keep it out of all others.
"""

from data_access import history
from data_access.auth.credentials import Credential, OnBehalfOf
from data_access.auth.entra import refused as refused_sign_in
from data_access.books import EVERYBODY, NOBODY, Books, Customers
from data_access.connection import connect, lapse_notice, on_behalf_of
from data_access.connection import stored as stored_sign_in
from data_access.connection import title as source_title
from data_access.datasets.books_file import Keeper as BooksKeeper
from data_access.datasets.books_file import keeper as keep_books
from data_access.datasets.deployment import Deployment, LiveFigures
from data_access.datasets.deployment import fetch as fetch_deployment
from data_access.datasets.deployment import fetch_commercial as fetch_commercial_deployment
from data_access.datasets.feed import Feed, Readable, State
from data_access.datasets.live import fetch_seats
from data_access.datasets.renewals import Renewals
from data_access.datasets.renewals import current as current_renewals
from data_access.datasets.renewals import fetch as fetch_renewals
from data_access.datasets.timeline import Timeline
from data_access.datasets.timeline import fetch as open_timeline
from data_access.datasets.timeline import of_customer as timeline_of_customer
from data_access.datasets.timeline import of_customers as timeline_of_customers
from data_access.datasets.timeline import until as timeline_until
from data_access.datasets.usage import Usage
from data_access.datasets.usage import fetch as fetch_usage
from data_access.errors import (
    BadRequest,
    DamagedHistory,
    EngineError,
    FileUnanswered,
    HistoryError,
    NotKept,
    NotPermitted,
    PartnerCenterError,
    SettingsError,
    SignInError,
    SignInRefused,
    Throttled,
    Unavailable,
    Unreadable,
)
from data_access.history.engines import Engine, RestrictedEngine
from data_access.history.engines import connect as connect_engine
from data_access.history.history import History
from data_access.history.live import unread as unread_customers
from data_access.history.recorded import Recorded
from data_access.history.run_log import Standing
from data_access.history.snapshot import Snapshot
from data_access.partner_center.answers import Answer, Answers, Outcome, Progress, Step
from data_access.partner_center.catalog import COLLECTIONS, Collection
from data_access.partner_center.client import Client
from data_access.partner_center.protocol import Query
from data_access.partner_center.retry import RetryPolicy as Patience  # the name by which scripts know it
from data_access.partner_center.sku_catalogue import Known
from data_access.selection import Selection
from data_access.settings import Settings
from data_access.settings import load as load_settings

__all__ = [
    "COLLECTIONS",
    "EVERYBODY",
    "NOBODY",
    "Answer",
    "Answers",
    "BadRequest",
    "Books",
    "BooksKeeper",
    "Client",
    "Collection",
    "Credential",
    "Customers",
    "DamagedHistory",
    "Deployment",
    "Engine",
    "EngineError",
    "Feed",
    "FileUnanswered",
    "History",
    "HistoryError",
    "Known",
    "LiveFigures",
    "NotKept",
    "NotPermitted",
    "OnBehalfOf",
    "Outcome",
    "PartnerCenterError",
    "Patience",
    "Progress",
    "Query",
    "Readable",
    "Recorded",
    "Renewals",
    "RestrictedEngine",
    "Selection",
    "Settings",
    "SettingsError",
    "SignInError",
    "SignInRefused",
    "Snapshot",
    "Standing",
    "State",
    "Step",
    "Throttled",
    "Timeline",
    "Unavailable",
    "Unreadable",
    "Usage",
    "connect",
    "connect_engine",
    "current_renewals",
    "fetch_commercial_deployment",
    "fetch_deployment",
    "fetch_renewals",
    "fetch_seats",
    "fetch_usage",
    "history",
    "keep_books",
    "lapse_notice",
    "load_settings",
    "on_behalf_of",
    "open_timeline",
    "refused_sign_in",
    "source_title",
    "stored_sign_in",
    "timeline_of_customer",
    "timeline_of_customers",
    "timeline_until",
    "unread_customers",
]
