#!/usr/bin/env python3
"""Makes the figures that oracle.rs compares with: what Evidently computes of the same rows.

    python3.12 -m venv venv
    venv/bin/pip install evidently==0.7.23 scipy==1.18.1 numpy==2.0.2 pandas==2.2.3
    venv/bin/python crates/drift/tests/oracle/make.py
"""

import json
import platform
import warnings
from importlib.metadata import version
from pathlib import Path

import pandas
from evidently import DataDefinition, Dataset, Regression, Report
from evidently.legacy.calculations.stattests import registry
from evidently.metrics import MAE, MAPE, RMSE, AbsMaxError, MeanError, R2Score, ValueDrift
from evidently.presets import DataDriftPreset

warnings.filterwarnings("ignore")

FOLDER = Path(__file__).parent
HOURS = FOLDER / "../../../dataset/data/hour-2011.csv.gz"

NUMERICAL = "temp atemp hum windspeed mnth hr weekday cnt prediction".split()
CATEGORICAL = "season holiday workingday weathersit".split()

# First and last row, counted from 1.
PAIRS = {
    "january_week1": {"reference": (1, 688), "current": (619, 853)},
    "january_week2": {"reference": (1, 688), "current": (854, 1016)},
    # More than 1,000 rows, from which on Evidently chooses distances instead of tests; as long as
    # each other, as some methods demand.
    "halves": {"reference": (1, 4322), "current": (4323, 8644)},
}
# Pair, columns and methods for which every method is computed, not only Evidently's choice.
CHOSEN = {
    "january_week2": ["hum", "weathersit", "holiday"],
    "halves": ["holiday"],
}
METHODS = (
    "TVD anderson chisquare cramer_von_mises ed es fisher_exact g_test hellinger jensenshannon "
    "kl_div ks mannw psi t_test wasserstein z"
).split()


def hours():
    """The hours of 2011, with a made-up prediction."""
    table = pandas.read_csv(HOURS)
    table["prediction"] = 0.9 * table["cnt"] + 7.0 * table["hum"] + table["temp"]
    return table[NUMERICAL + CATEGORICAL]


def samples(table, pair):
    """The rows of both samples of a pair."""
    return [table[first - 1 : last] for first, last in (pair["reference"], pair["current"])]


def run(metrics, definition, reference, current):
    """The metrics of a report, each with its result, and whether the column drifted."""
    both = [Dataset.from_pandas(each, data_definition=definition) for each in (current, reference)]
    report = Report(metrics, include_tests=True).run(*both).dict()
    failed = {test["metric_config"]["metric_id"] for test in report["tests"] if test["status"] == "FAIL"}
    return [{**metric, "drifted": metric["id"] in failed} for metric in report["metrics"]]


def column_drift(metric):
    """What Evidently says of one column."""
    config = metric["config"]
    # Reports call a method that Evidently chose by its title, one that was asked for by its name.
    tests = {test for by_type in registry._registered_stat_tests.values() for test in by_type.values()}
    (method,) = (test.name for test in tests if config["method"] in (test.name, test.display_name))
    return {
        "column": config["column"],
        "method": method,
        "score": metric["value"],
        "threshold": config["threshold"],
        "drifted": metric["drifted"],
    }


def drift(numerical, categorical, reference, current):
    """Drift of all columns by the methods that Evidently chooses."""
    definition = DataDefinition(numerical_columns=numerical, categorical_columns=categorical)
    count, *columns = run([DataDriftPreset()], definition, reference, current)
    kinds = {**dict.fromkeys(numerical, "num"), **dict.fromkeys(categorical, "cat")}
    return {
        "columns": [{"type": kinds[each["config"]["column"]], **column_drift(each)} for each in columns],
        "drifted_columns": int(count["value"]["count"]),
        "drifted_share": count["value"]["share"],
        "dataset_drift": count["drifted"],
    }


def chosen(column, method, reference, current):
    """Drift of one column by one method."""
    kind = "cat" if column in CATEGORICAL else "num"
    columns = {"numerical_columns": [column]} if kind == "num" else {"categorical_columns": [column]}
    asked = {"column": column, "type": kind, "method": method}
    try:
        metrics = [ValueDrift(column=column, method=method)]
        (metric,) = run(metrics, DataDefinition(**columns), reference[[column]], current[[column]])
    except Exception as error:
        return {**asked, "error": f"{type(error).__name__}: {error}"}
    return {**asked, **column_drift(metric)}


def regression(current):
    """Scores of the made-up prediction."""
    definition = DataDefinition(
        numerical_columns=["cnt", "prediction"],
        regression=[Regression(target="cnt", prediction="prediction")],
    )
    metrics = [RMSE(), MAE(), R2Score(), MAPE(), MeanError(), AbsMaxError()]
    return {
        metric["config"]["type"].rsplit(":", 1)[1]: metric["value"]
        for metric in run(metrics, definition, current, current)
    }


def write(name, figures):
    versions = {"python": platform.python_version()}
    versions |= {package: version(package) for package in ("evidently", "scipy", "numpy", "pandas")}
    text = json.dumps({"versions": versions, **figures}, indent=1)
    (FOLDER / f"{name}.json").write_text(text + "\n")


def main():
    table = hours()
    for name, pair in PAIRS.items():
        reference, current = samples(table, pair)
        write(
            name,
            {
                "rows": pair,
                **drift(NUMERICAL, CATEGORICAL, reference, current),
                "chosen": [
                    chosen(column, method, reference, current)
                    for column in CHOSEN.get(name, [])
                    for method in METHODS
                ],
                "regression": regression(current),
            },
        )

    penguins = [pandas.read_csv(FOLDER / f"penguins.{sample}.csv") for sample in ("reference", "current")]
    numerical = "bill_length_mm bill_depth_mm flipper_length_mm body_mass_g".split()
    categorical = "species island sex".split()
    write("penguins", drift(numerical, categorical, *(each[numerical + categorical] for each in penguins)))


if __name__ == "__main__":
    main()
