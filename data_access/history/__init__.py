"""The history: every fetch of one account, kept as immutable snapshots."""

from data_access.history.account import account, open, prepare_sample, reach  # noqa: A004 - history.open reads as what it does
from data_access.history.patience import Patience

__all__ = ["Patience", "account", "open", "prepare_sample", "reach"]
