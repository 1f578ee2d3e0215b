"""Write the golden tables from a run folder: `python tests/system/write_golden.py RUN`."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

GOLDEN = Path(__file__).parent / "golden"


def main(run: Path) -> None:
    """Concatenate the parts of each table and leave the masks out."""
    for table in ("descriptions", "vqa", "points", "regions"):
        whole = pa.concat_tables([pq.read_table(part) for part in sorted((run / table).glob("*.parquet"))])
        if "mask" in whole.column_names:
            whole = whole.drop_columns(["mask"])
        pq.write_table(whole, GOLDEN / f"{table}.parquet", compression="zstd")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
