"""Bands: which figures are below or above the limits that DIGEST_FILE sets, for digests and for pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from data_access import texts, titles
from data_access.digest.plan import Rule
from data_access.measures import Facts, core
from data_access.measures.customers import CUSTOMER


def left(rule: Rule, percent: float | None) -> str:
    """On which side a percentage is out of the rule's band, in words; empty where it is within, or there is none."""
    low, high = rule.band
    if percent is None or pd.isna(percent):
        return ""
    if low is not None and percent < low:
        return f"below {low:g} %"
    return f"above {high:g} %" if high is not None and percent > high else ""


def covered(rule: Rule, facts: Facts) -> Facts:
    """The rows of which a rule speaks."""
    rows = facts.frame
    if rule.customer is not None:  # first, since it leaves few
        rows = rows[rows[CUSTOMER] == rule.customer]
    for wanted, names in ((rule.service, ("service",)), (rule.product, ("productName", "productId"))):
        if wanted is not None:
            same = [texts.keys(rows[name].astype("str")) == texts.key(wanted) for name in names if name in rows]
            rows = rows[pd.concat(same, axis=1).any(axis=1)] if same else rows.head(0)
    return facts.of(rows)


def about(rule: Rule) -> str:
    """The product or the service of which a rule speaks; empty where it speaks of all."""
    return rule.product or titles.service_title(rule.service or "")


def of_customers(rules: Iterable[Rule], facts: Facts) -> Mapping[str, str]:
    """The customers that are out of a band, by tenant id, in words: each of several bands is named.

    Of rules that speak of the same of a customer (see `about`) the first one does so alone.
    """
    found: dict[str, dict[str, str]] = {}
    for rule in rules:
        table, what = core.by(covered(rule, facts), [CUSTOMER]), about(rule)
        for tenant, percent in zip(table[CUSTOMER], table["deploymentPercent"], strict=True):
            if limit := left(rule, percent):
                found.setdefault(str(tenant), {}).setdefault(what, f"{what} {limit}".lstrip())
    return {tenant: "; ".join(limits.values()) for tenant, limits in found.items()}


def of_service(rules: Iterable[Rule], service: str, percent: float | None) -> str:
    """In which way a service with this percentage is out of its band, in words; empty where it is not.

    Rules about customers or products say nothing of a service.
    """
    speaking = (rule for rule in rules if rule.customer is None and rule.product is None)
    said = (left(rule, percent) for rule in speaking if rule.service is None or _same(rule.service, service))
    return next(filter(None, said), "")


def _same(wanted: str, service: str) -> bool:
    return texts.key(wanted) == texts.key(service)
