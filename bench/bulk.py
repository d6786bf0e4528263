"""The benchmark of bulk data: bytes to a frame and a frame to a file, for a large partner, without a network."""

from __future__ import annotations

import gc
import io
import json
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import date

import pandas as pd
import pyarrow as pa
import xlsxwriter
from pyarrow import csv

from dashboard.tables.customers import EVERY_ROW_FILE
from dashboard.workbooks.book import Origin, workbook
from data_access import csv_files, measures
from data_access.emulator import DEMO_TOKEN, Emulator, sample
from data_access.partner_center import frames, protocol, wire
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT

_MEGABYTE = 2**20


def run(rounds: int, customers: int, products: int) -> None:
    """Read and write the commercial rows of such a partner and print what it took."""
    pages = bodies(customers, products)
    page = max(map(len, pages))
    alone, ours = _paired(rounds, lambda: [json.loads(body) for body in pages], lambda: frame(pages))
    gc.collect()
    tracemalloc.start()
    table = frame(pages)
    final, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"\n{len(table):,} commercial rows in {len(pages)} pages of up to {page / _MEGABYTE:.1f} MB")
    print(f"json.loads alone {alone:.2f} s, bytes to validated frame {ours:.2f} s")
    print(f"frame / json.loads: {ours / alone:.2f} (promised: at most 3)")
    # Arrow keeps its strings where tracemalloc does not look; they are part of the final frame in any case.
    print(f"peak memory beyond the frame / one page: {(peak - final) / page:.1f} (promised: at most 6)")

    facts = frames.plain(measures.facts(COMMERCIAL_DEPLOYMENT, table).frame).assign(source="bench", filter="none")
    arrow = pa.Table.from_pandas(facts, preserve_index=False)
    # Most of pyarrow.csv's time goes into the time zone of the dates, which the table has and a file must have too.
    theirs, mine = _paired(rounds, lambda: csv.write_csv(arrow, io.BytesIO()), lambda: csv_files.exact(facts))
    print(f"pyarrow.csv {theirs:.2f} s, our file for machines {mine:.2f} s")
    print(f"file / pyarrow.csv: {mine / theirs:.2f} (promised: at most 2)")
    _print_workbook(max(1, rounds // 3), EVERY_ROW_FILE.select(facts))


def _print_workbook(rounds: int, rows: pd.DataFrame) -> None:
    columns = EVERY_ROW_FILE.described(rows.columns)
    origin = Origin("Every row", {"Source": "bench"}, None)
    theirs, mine = _paired(rounds, lambda: _cell_by_cell(rows), lambda: workbook(rows, columns, origin))
    gc.collect()
    tracemalloc.start()
    content = workbook(rows, columns, origin)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"XlsxWriter, cell by cell, {theirs:.2f} s, our workbook {mine:.2f} s, {len(content) / _MEGABYTE:.1f} MB")
    print(f"workbook / XlsxWriter: {mine / theirs:.2f} (promised: at most 1.5)")
    # Arrow's memory, where tracemalloc does not look, is that of the rows and of ten thousand of them as cells.
    print(f"peak memory of a workbook: {peak / _MEGABYTE:.0f} MB")


def _cell_by_cell(rows: pd.DataFrame) -> bytes:
    """The same cells, as anybody would write them with XlsxWriter, a row in memory at a time."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"constant_memory": True, "remove_timezone": True}) as book:
        sheet, instant = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        dates = {rows.columns.get_loc(name) for name in rows.select_dtypes("datetimetz")}
        write = [sheet.write_string if rows[name].dtype == "str" else sheet.write_number for name in rows]
        for place, values in enumerate(zip(*(rows[name].tolist() for name in rows), strict=True), 1):
            for column, value in enumerate(values):
                if pd.isna(value):
                    continue
                if column in dates:
                    sheet.write_datetime(place, column, value, instant)
                else:
                    write[column](place, column, value)
    return made.getvalue()


def bodies(customers: int, products: int) -> list[bytes]:
    """The pages that such a partner's commercial rows come on."""
    partner = sample.partner(as_of=date(2026, 11, 1), customers=customers, products=products)
    emulator = Emulator(partner)
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}", "Accept": "application/json"}
    (path, *_) = COMMERCIAL_DEPLOYMENT.paths
    skips = range(0, len(partner.commercial_deployment), protocol.PAGE_ROWS)
    return [emulator.respond("GET", f"{path}?skip={skip}", headers).body for skip in skips]


def frame(bodies: Sequence[bytes]) -> pd.DataFrame:
    """The rows of these pages, validated."""
    parts = []
    for body in bodies:
        readable, _ = wire.read(COMMERCIAL_DEPLOYMENT.row, protocol.page(200, {}, body).rows)
        parts.append(frames.frame(COMMERCIAL_DEPLOYMENT, readable))
        del readable
    return frames.joined(COMMERCIAL_DEPLOYMENT, parts)


def _paired(rounds: int, first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """The median seconds of both functions, which run in turns."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, taken in zip((first, second), seconds, strict=True):
            begun = time.perf_counter()
            work()
            taken.append(time.perf_counter() - begun)
    return statistics.median(seconds[0]), statistics.median(seconds[1])
