"""The embedded table of 2011 as records."""

import csv
import gzip
import itertools
import json
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "crates/dataset/data/hour-2011.csv.gz"
FEATURES = ["temp", "atemp", "hum", "windspeed", "mnth", "hr", "weekday", "season", "holiday", "workingday", "weathersit"]


def records(first="2011-01-01", last="2011-12-31") -> list:
    """Features, date and count of every hour from the first to the last day."""
    with gzip.open(FILE, "rt", newline="") as file:
        rows = [row for row in csv.DictReader(file) if first <= row["dteday"] <= last]
    return [{**{name: json.loads(row[name]) for name in FEATURES}, "dteday": row["dteday"], "cnt": int(row["cnt"])}
            for row in rows]


def cycled(rows: list, count: int) -> list:
    """As many rows as `count`, starting again from the first after the last."""
    return list(itertools.islice(itertools.cycle(rows), count))
