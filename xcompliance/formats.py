"""In which forms rows are printed, and how many of them a screen gets."""

from typing import Final, Literal

Format = Literal["table", "csv", "jsonl", "json"]
"""``jsonl`` is one document for each row, ``json`` one for all."""
FileFormat = Literal["table", "csv", "jsonl", "json", "parquet"]
"""Those of a run's records, which are files of Parquet already."""

ROWS_ON_A_SCREEN: Final = 100
