"""The data of some customers, and of the company without customers: as if there had never been others."""

import dataclasses

import pandas as pd
import pytest

from data_access import EVERYBODY, Customers, Selection, measures, texts
from data_access.datasets import deployment, timeline, usage
from data_access.datasets.deployment import Deployment
from data_access.datasets.timeline import Timeline
from data_access.history.engines import DuckDB
from data_access.measures import trends
from data_access.measures.unread_rows import Absence
from data_access.partner_center import catalog
from data_access.partner_center.wire import SetAside
from tests import bookkeeping, lakes
from tests.bookkeeping import FOREIGN, NAMES, NOBODYS, OWN, SHARED_ONE, SOLD

ANNS = Customers(frozenset({OWN, SHARED_ONE}))
NOT_ANNS = Customers(frozenset({OWN, SHARED_ONE}), others=True)


def answer(collection):
    return lakes.fetched(collection, bookkeeping.everything(bookkeeping.NOW, 50)[collection])


def dataset():
    counts = answer(catalog.COMMERCIAL_DEPLOYMENT)
    return Deployment(counts, measures.facts(counts.collection, counts.frame))


def used():
    sources = (
        usage.Source(one, answer(one))
        for one in (catalog.COMMERCIAL_USAGE, catalog.USAGE, catalog.COMMERCIAL_DEPLOYMENT)
    )
    return usage.put_together(*sources)


def text_of(*frames):
    """Everything that is in these frames, categories that no row has included."""
    cells = []
    for frame in frames:
        for name in frame:
            column = frame[name]
            values = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column
            cells += [str(value) for value in values]
    return "\n".join([*cells, *(str(name) for frame in frames for name in frame)]).encode()


@pytest.mark.parametrize(("book", "there"), [(ANNS, [OWN, SHARED_ONE]), (NOT_ANNS, [FOREIGN, NOBODYS])])
def test_the_counts_of_some_customers(book, there):
    part = deployment.of_customers(dataset(), book)
    assert measures.total(part.facts).sold == sum(SOLD[tenant] for tenant in there)
    found = bookkeeping.traces(text_of(part.facts.frame, part.answer.frame), *NAMES)
    assert found == [NAMES[tenant] for tenant in there]


@pytest.mark.parametrize(("book", "there"), [(ANNS, [OWN, SHARED_ONE]), (NOT_ANNS, [FOREIGN, NOBODYS])])
def test_the_use_of_some_customers(book, there):
    part = usage.of_customers(used(), book)
    assert usage.total(part, Selection()).sold == sum(SOLD[tenant] for tenant in there)
    frames = (part.licenses, part.workloads, part.percents, *(source.frame for source in part.sources))
    assert bookkeeping.traces(text_of(*frames), *NAMES) == [NAMES[tenant] for tenant in there]
    assert part.partner.is_left_out


def test_what_could_not_be_read_of_others_puts_nothing_of_some_customers_in_doubt():
    whole = dataset()
    rows = ((FOREIGN, "o365"), (OWN, "crm"))
    unread = tuple(
        SetAside(place, "", (("customerTenantId", texts.key(tenant)), ("service", service)))
        for place, (tenant, service) in enumerate(rows)
    )
    whole = dataclasses.replace(whole, answer=dataclasses.replace(whole.answer, set_aside=unread))
    asked = pd.DataFrame({"service": ["o365", "crm", "windows"]})
    gone, doubtful = Absence.GONE, Absence.UNREAD
    assert whole.unread.why(asked) == [doubtful, doubtful, gone]
    assert deployment.of_customers(whole, ANNS).unread.why(asked) == [gone, doubtful, gone]


def test_everybody_is_the_same_object():
    whole, everything = dataset(), used()
    assert deployment.of_customers(whole, EVERYBODY) is whole
    assert usage.of_customers(everything, EVERYBODY) is everything


def test_the_companys_figures_stay_the_same_and_name_nobody():
    whole, company = dataset(), deployment.without_customers(dataset())
    assert measures.total(company.facts) == measures.total(whole.facts)
    assert bookkeeping.traces(text_of(company.facts.frame, company.answer.frame), *NAMES) == []
    assert "customerDomain" not in company.facts.frame  # a field of tomorrow could say whose a row is
    nameless = usage.without_customers(used())
    assert usage.total(nameless, Selection()) == usage.total(used(), Selection())
    frames = (nameless.licenses, nameless.workloads, nameless.percents, *(one.frame for one in nameless.sources))
    assert bookkeeping.traces(text_of(*frames), *NAMES) == []


def test_rows_that_did_not_come_stay_missing_whosever_they_were():
    counts = answer(catalog.COMMERCIAL_DEPLOYMENT)
    short = Deployment(counts.part(counts.frame.head(3)), measures.facts(counts.collection, counts.frame.head(3)))
    assert short.answer.missing == counts.missing == 0
    fewer = Deployment(dataclasses.replace(counts, announced=9), dataset().facts)
    part = deployment.of_customers(fewer, ANNS).answer
    assert (len(part.frame), part.missing) == (2, 5)


def test_the_history_of_some_customers_is_the_sum_of_theirs_also_once_its_files_are_put_together(tmp_path):
    account = lakes.lake(tmp_path)
    for fetched in bookkeeping.PAST:
        account.append(fetched())
    now = measures.facts(catalog.DEPLOYMENT, answer(catalog.DEPLOYMENT).frame)
    for put_together in (lambda: None, account.compact):
        put_together()
        past, engine = Timeline(account, catalog.DEPLOYMENT, now), DuckDB()
        own = timeline.of_customers(past, engine, ANNS)
        single = [timeline.of_customer(past, engine, tenant) for tenant in (OWN, SHARED_ONE)]
        lines = [
            trends.lines(each.facts, [])[["processedDateTime", "licensesSold", "undeployed"]] for each in (own, *single)
        ]
        assert lines[0]["licensesSold"].tolist() == [1_200] * 3
        assert (lines[0]["undeployed"] == lines[1]["undeployed"] + lines[2]["undeployed"]).all()
        assert own.newest == account.newest(catalog.COMMERCIAL_DEPLOYMENT)
        assert not timeline.of_customers(past, engine, Customers()).facts.frame.size
