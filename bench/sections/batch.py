"""`POST /predict/batch`: rows per second by format and number of rows."""

import json
import subprocess

from measure import Goal, Result, alternate
from process import Server
from setup import ROOT
from table import FEATURES, cycled, records

SIZES = [1_000, 10_000, 100_000, 1_000_000]
MEDIA_TYPES = {"Arrow": "application/vnd.apache.arrow.stream", "CSV": "text/csv", "JSON": "application/json"}
GOALS = {"Arrow": 1_000_000, "CSV": 300_000, "JSON": 200_000}
# A million rows exceed the default limit of 64 MiB, as JSON and as Arrow.
FLAGS = ["--body-limit", "512MiB"]


def measure(bench):
    sizes = SIZES[:3] if bench.quick else SIZES
    spec = ROOT / "model-wasm/specs/bike-sharing.toml"
    subprocess.run([bench.programs["worker"], "bodies", spec, bench.folder, *map(str, sizes)], check=True)
    rows = records(last="2011-01-31")
    results, goals, rates = [], [], {}
    command = [bench.programs["canopy"], "serve", "--listen", "127.0.0.1:{port}", "--model", bench.model(), *FLAGS]
    with Server(command, ready="/ready") as server:
        for size in sizes:
            bodies = bodies_of(rows, size, bench.folder)
            contestants = {
                form: lambda form=form: size / server.seconds("/predict/batch", bodies[form], MEDIA_TYPES[form])
                for form in MEDIA_TYPES
            }
            rounds = bench.rounds if size < 1_000_000 else min(bench.rounds, 5)
            for form, values in alternate(contestants, rounds).items():
                result = Result("batch", f"{form}, {size:,} rows", "Canopy", "rows/s", values, True)
                results.append(result)
                rates[form, size] = result.median
            del contestants
    for form, goal in GOALS.items():
        goals.append(Goal(f"{form}: rows/s at {sizes[-1]:,} rows", rates[form, sizes[-1]], goal))
        # Each with a server of its own, so that the memory of one does not count to the next.
        with Server(command, ready="/ready") as server:
            server.seconds("/predict/batch", bodies[form], MEDIA_TYPES[form])
            how = f"body of {len(bodies[form]) / 1e6:.0f} MB"
            results.append(Result("batch", f"peak memory, {form}, {sizes[-1]:,} rows", "Canopy", "MB", [server.memory("VmHWM")], how=how))
    return results, goals


def bodies_of(rows, size, folder):
    """The same rows in every format."""
    rows = cycled(rows, size)
    features = [{name: row[name] for name in FEATURES} for row in rows]
    lines = [",".join(FEATURES), *(",".join(str(value) for value in row.values()) for row in features)]
    return {
        "Arrow": (folder / f"{size}.arrow").read_bytes(),
        "CSV": ("\n".join(lines) + "\n").encode(),
        "JSON": json.dumps(features).encode(),
    }
