"""The rows that the bike-sharing model is trained on."""

from pathlib import Path

import pandas

FEATURES = ["temp", "atemp", "hum", "windspeed", "mnth", "hr", "weekday", "season", "holiday", "workingday", "weathersit"]
FILE = Path(__file__).resolve().parents[2] / "crates/dataset/data/hour-2011.csv.gz"


def january() -> pandas.DataFrame:
    table = pandas.read_csv(FILE)
    return table[table["dteday"] <= "2011-01-31"]
