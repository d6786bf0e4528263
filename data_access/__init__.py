"""The front door: everything that the dashboard and scripts use, and nothing else."""

from data_access.catalog import COLLECTIONS as COLLECTIONS
from data_access.catalog import Collection as Collection
from data_access.client import Answer as Answer
from data_access.client import Client as Client
from data_access.client import Patience as Patience
from data_access.deployment import Deployment as Deployment
from data_access.deployment import fetch as fetch_deployment
from data_access.errors import BadRequest as BadRequest
from data_access.errors import NotPermitted as NotPermitted
from data_access.errors import PartnerCenterError as PartnerCenterError
from data_access.errors import SettingsError as SettingsError
from data_access.errors import SignInError as SignInError
from data_access.errors import Throttled as Throttled
from data_access.errors import Unavailable as Unavailable
from data_access.errors import Unreadable as Unreadable
from data_access.feed import Feed as Feed
from data_access.feed import State as State
from data_access.selection import Selection as Selection
from data_access.settings import Settings as Settings
from data_access.settings import load as load_settings
from data_access.source import client as client
