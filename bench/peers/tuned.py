"""The same service, tuned: one thread per prediction, numpy, no response model."""

import numpy
import sklearn
from fastapi import FastAPI
from fastapi.responses import Response
from pydantic import BaseModel
from sklearn.ensemble import RandomForestRegressor

from january import FEATURES, january

sklearn.set_config(assume_finite=True)
rows = january()
model = RandomForestRegressor(n_estimators=100, max_features=1.0, random_state=42, n_jobs=-1)
model.fit(rows[FEATURES].to_numpy(numpy.float32), rows["cnt"].to_numpy())
model.set_params(n_jobs=1)
app = FastAPI()


class Record(BaseModel):
    temp: float
    atemp: float
    hum: float
    windspeed: float
    mnth: float
    hr: float
    weekday: float
    season: float
    holiday: float
    workingday: float
    weathersit: float


@app.post("/predict")
async def predict(record: Record):
    # Its fields are declared in the order of a row.
    row = numpy.array([list(record.__dict__.values())], dtype=numpy.float32)
    value = model.predict(row)[0]
    return Response(b'{"predicted_count":%.15g}' % value, media_type="application/json")
