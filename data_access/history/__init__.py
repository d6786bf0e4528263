"""The history: every fetch of one account, kept as immutable snapshots."""

from data_access.history.account import account, open, prepare_sample  # noqa: A004 - history.open reads as what it does

__all__ = ["account", "open", "prepare_sample"]
