"""The usual way to serve a forest: FastAPI, pydantic, a DataFrame, scikit-learn on all cores."""

import pandas
from fastapi import FastAPI
from pydantic import BaseModel
from sklearn.ensemble import RandomForestRegressor

from january import FEATURES, january

rows = january()
model = RandomForestRegressor(n_estimators=100, max_features=1.0, random_state=42, n_jobs=-1)
model.fit(rows[FEATURES], rows["cnt"])
app = FastAPI()


class Record(BaseModel):
    temp: float
    atemp: float
    hum: float
    windspeed: float
    mnth: int
    hr: int
    weekday: int
    season: int
    holiday: int
    workingday: int
    weathersit: int


class Prediction(BaseModel):
    predicted_count: float


@app.post("/predict")
def predict(record: Record) -> Prediction:
    frame = pandas.DataFrame([record.model_dump()])[FEATURES]
    return Prediction(predicted_count=model.predict(frame)[0])
