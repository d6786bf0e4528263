"""A snapshot that is not written yet: its record, its summary, and the contents of its files."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from data_access.history import layout, snapshot, store
from data_access.history.snapshot import Fetch, File, Snapshot
from data_access.partner_center import frames, protocol
from data_access.partner_center.answers import Answer

#: The folders of a snapshot's two files.
FACTS, RAW = layout.FACTS, layout.RAW


@dataclass(frozen=True, eq=False)
class Draft:
    """What is to be written of one answer; `contents` are those of its files, by path below the account's folder."""

    record: Snapshot
    summary: pa.Table
    contents: Mapping[str, pa.Buffer]

    @classmethod
    def of(
        cls,
        answer: Answer,
        *,
        identity: str,
        source: str,
        account: str | None = None,
        rows_checksum: str,
        backfill_date: date | None = None,
        replaces: str | None = None,
    ) -> Draft:
        """Make the snapshot with this id of an answer that was fetched with `keep_raw`; see `Fetch` for the values."""
        if answer.pages is None:
            raise ValueError("an answer without its pages: fetch it with keep_raw")
        collection = answer.collection
        facts = snapshot.facts(collection, answer.frame)
        fetch = Fetch(
            id=identity,
            collection=collection.name,
            day=backfill_date or answer.fetched_at.date(),
            fetched_at=answer.fetched_at,
            backfill_date=backfill_date,
            rows=len(answer.frame),
            announced=answer.announced,
            missing=answer.missing,
            set_aside=len(answer.set_aside),
            reasons=snapshot.reasons(answer.set_aside),
            twice=answer.twice,
            unread_customers=len(answer.of_customers.unread),
            failed_customers=len(answer.of_customers.failed),
            as_of=snapshot.as_of(collection, facts),
            estimated=facts.estimated,
            rows_checksum=rows_checksum,
            sent_checksum=snapshot.sent_checksum(collection, answer.frame) if collection.live else None,
            source=source,
            account=account,
            address=answer.pages.address,
            request_id=answer.pages.request_id,
            correlation_id=answer.correlation_id,
            filter="none",
            replaces=replaces,
            format=snapshot.FORMAT,
            program=protocol.VERSION,
            reading=frames.READING,
        )
        about = fetch.model_dump(mode="json")
        # While Arrow writes the facts, which does not hold the interpreter, the summary is worked out beside it.
        with ThreadPoolExecutor(1, thread_name_prefix="history") as beside:
            summary = beside.submit(snapshot.summary, collection, facts, identity, answer.fetched_at)
            raw = answer.pages.file(snapshot.metadata([about]))
            raw_file = _file(RAW, fetch, raw)
            table = snapshot.table(facts, identity, answer.fetched_at, live=collection.live)
            metadata = snapshot.metadata([about | raw_file.fields(RAW)])
            if collection.live:
                metadata |= snapshot.of_customers_metadata(answer.of_customers)
            parquet = snapshot.parquet([table], metadata)
            facts_file = _file(FACTS, fetch, parquet)
            record = Snapshot.of(fetch, facts=facts_file, raw=raw_file)
            return cls(record, summary.result(), {raw_file.path: raw, facts_file.path: parquet})


def _file(folder: str, fetch: Fetch, content: pa.Buffer) -> File:
    path = f"{folder}/{fetch.collection}/date={fetch.day}/{store.sealed(fetch.id, 'parquet', content)}"
    return File(path=path, size=content.size, checksum=store.checksum(content))
