"""Scores and drift by Evidently, served with FastAPI."""

import numpy
import pandas
from evidently import DataDefinition, Dataset, Regression, Report
from evidently.presets import DataDriftPreset, RegressionPreset
from fastapi import FastAPI
from pydantic import BaseModel
from sklearn.ensemble import RandomForestRegressor

from january import FEATURES, january

CATEGORICAL = ["season", "holiday", "workingday", "weathersit"]
NUMERICAL = [name for name in FEATURES if name not in CATEGORICAL] + ["cnt", "prediction"]

reference = january()[[*FEATURES, "cnt"]].reset_index(drop=True)
model = RandomForestRegressor(n_estimators=100, max_features=1.0, random_state=42, n_jobs=-1)
model.fit(reference[FEATURES], reference["cnt"])
definition = DataDefinition(
    numerical_columns=NUMERICAL, categorical_columns=CATEGORICAL,
    regression=[Regression(target="cnt", prediction="prediction")],
)


def dataset(frame: pandas.DataFrame) -> Dataset:
    frame = frame.assign(prediction=model.predict(frame[FEATURES]))
    return Dataset.from_pandas(frame, data_definition=definition)


reference_dataset = dataset(reference)
app = FastAPI()


class Evaluation(BaseModel):
    data: list[dict]
    evaluation_period_name: str


@app.post("/evaluate")
def evaluate(evaluation: Evaluation):
    current = dataset(pandas.DataFrame(evaluation.data)[[*FEATURES, "cnt"]])
    report = Report([DataDriftPreset(), RegressionPreset()])
    metrics = report.run(current, reference_dataset).dict()["metrics"]
    return {"metrics": [{"name": each["metric_name"], "value": plain(each["value"])} for each in metrics]}


def plain(value):
    """The value as JSON can represent it."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    return float(value) if isinstance(value, (int, float, numpy.number)) else str(value)
