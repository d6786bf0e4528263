"""Files of facts as the history keeps them, and the engines that read them, for the tests that all engines share."""

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access.history import engines
from data_access.history.engines import Engine
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.rows import facts_of

DAYS = 3
_SEED = 5


class Pandas(Engine):
    """The frame of a live answer, asked as the files are."""

    def scan(self, paths, columns):
        read = [pq.read_table(path, columns=list(columns), partitioning=None) for path in paths]
        return nw.from_native(
            pa.concat_tables(read or [engines.arrow_schema(columns).empty_table()]).to_pandas()
        ).lazy()

    def table(self, frame):
        return frame.collect().to_native().reset_index(drop=True)


def keep(folder, facts, number, at):
    """Write facts as the history does; returns the path."""
    origin = {"snapshot": f"{number:08}", "fetchedAt": pd.Timestamp(at).as_unit("us")}
    table = pa.Table.from_pandas(facts.frame.assign(**origin), preserve_index=False)
    file = folder / f"date={at:%Y-%m-%d}" / f"{number:08}-abc.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    kinds = [(name, pa.string() if pa.types.is_dictionary(kind) else kind) for name, kind in _schema(table)]
    pq.write_table(table.cast(pa.schema(kinds)).select([*origin, *facts.frame.columns]), file, row_group_size=100)
    return str(file)


def _schema(table):
    return zip(table.column_names, table.schema.types, strict=True)


def counted(day):
    """Facts of a commercial answer with everything that makes numbers awkward, a little different every day."""
    chance, rows = np.random.default_rng([_SEED, day]), []
    for customer in range(40):
        for product in range(chance.integers(1, 6)):
            sold = int(chance.integers(0, 50)) if customer else 10  # one customer stays as it is
            row = {
                "customerTenantId": f"{customer:08X}-B14E-4888-967B-CA4BB2CF1234",
                "customerName": [f"Customer {customer}", '=cmd|"x"', "Ünïcode 🚀", None][customer % 4],
                "serviceCode": ["o365", "crm", "Teams"][product % 3],
                "channel": ["reseller", "direct"][customer % 2],
                "productName": None if product == 4 else f"Product {product}",
                "licensesSold": sold,
                "licensesDeployed": int(chance.integers(0, 60)) if customer else 5,
                "processedDateTime": f"2026-10-{1 + day - product % 3 % (day + 1):02}T03:25:16.36",
            }
            rows.append(row | ({"unknownField": "new"} if day == 1 else {}))
    return facts_of(COMMERCIAL_DEPLOYMENT, rows)


def estimated(day):
    """Facts of a partner's answer, whose percentages have many decimals."""
    chance = np.random.default_rng([_SEED, day])
    return facts_of(
        DEPLOYMENT,
        [
            {
                "serviceName": service,
                "channel": channel,
                "licensesSold": int(chance.integers(1, 10_000)) * (number % 5 > 0),
                "proratedDeploymentPercent": float(chance.random() * 130) if number % 2 else float(number) + 0.29,
                "processedDateTime": f"2026-10-{1 + day - number % 2 * (day % 2):02}T00:00:00Z",
            }
            for number, (service, channel) in enumerate(
                (service, channel)
                for service in ("o365", "crm", "teams", "exo")
                for channel in ("reseller", "direct", "indirect")
            )
        ],
    )


def in_memory(facts, number, at):
    """The same rows as `keep` writes, not written."""
    return facts.of(facts.frame.assign(snapshot=f"{number:08}", fetchedAt=pd.Timestamp(at).as_unit("us")))
