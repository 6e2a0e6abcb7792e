"""Predicts with a forest in other libraries, controlled as `worker forest` is.

`forest.py FOLDER CACHE`: FOLDER contains forest.json; compiled forests are kept in CACHE. Prints a
line with the contestants; then, for each order (a line of JSON with contestant, rows and calls), a
line with the seconds that the calls took. Uses one thread.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
# The output of libraries goes to the log, the responses to the caller.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

import numpy as np  # noqa: E402

from contestants import LIBRARIES  # noqa: E402
from same_forest import Forest  # noqa: E402


def main(folder: Path, cache: Path):
    file = folder / "forest.json"
    forest = Forest(file)
    kept = cache / hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    kept.mkdir(parents=True, exist_ok=True)
    contestants, skipped = {}, {}
    for name, make in LIBRARIES.items():
        try:
            print(f"preparing {name}", file=sys.stderr)
            for contestant in make(forest, kept):
                check(contestant, forest)
                contestants[contestant.name] = contestant
        except Exception as error:  # whatever fails in one peer, the others run
            skipped[name] = (str(error) or type(error).__name__).splitlines()[0]
    print(json.dumps({
        "contestants": {name: [each.library, each.how] for name, each in contestants.items()},
        "skipped": skipped,
    }), file=answers)
    for line in sys.stdin:
        order = json.loads(line)
        seconds = contestants[order["contestant"]].time(order["rows"], order["calls"])
        print(json.dumps({"seconds": seconds}), file=answers)


def check(contestant, forest: Forest):
    """Checks that the predictions are the same, except for the rounding of float32."""
    difference = np.abs(contestant.predict() - forest.predictions).max()
    assert difference < 0.01, f"predictions differ by up to {difference:.3g}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
