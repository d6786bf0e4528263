"""The history: every fetch of one account, kept as immutable snapshots."""

from data_access.history.account import (
    account,
    open,  # noqa: A004 - history.open reads as what it does
    open_audit,
    open_begun,
    open_ended,
    open_mutes,
    open_views,
    prepare_sample,
    reach,
)
from data_access.history.live import known as known_products
from data_access.history.patience import Patience

__all__ = [
    "Patience",
    "account",
    "known_products",
    "open",
    "open_audit",
    "open_begun",
    "open_ended",
    "open_mutes",
    "open_views",
    "prepare_sample",
    "reach",
]
