"""Trains with scikit-learn, controlled as `worker fit` is. `fit.py LAST_DAY`"""

import json
import sys
import time

import numpy
import pandas
from sklearn.ensemble import RandomForestRegressor

from january import FEATURES, FILE

table = pandas.read_csv(FILE)
table = table[table["dteday"] <= sys.argv[1]]
rows = numpy.ascontiguousarray(table[FEATURES], dtype=numpy.float32)
target = table["cnt"].to_numpy(numpy.float64)

for line in sys.stdin:
    threads = json.loads(line)["threads"]
    model = RandomForestRegressor(n_estimators=100, max_features=1.0, random_state=42, n_jobs=threads)
    start = time.perf_counter()
    model.fit(rows, target)
    print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)
