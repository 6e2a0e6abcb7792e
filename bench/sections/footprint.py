"""Time from start to ready, memory at rest, sizes on disk."""

import shutil
import subprocess
import time
from statistics import median

from measure import Goal, Result, alternate
from process import Server
from setup import ROOT, Missing


def measure(bench):
    results, goals = [], []
    cache = bench.folder / "cache"
    serve = [bench.programs["canopy"], "serve", "--listen", "127.0.0.1:{port}", "--model", bench.model(), "--cache", cache]

    def started(command, ready):
        with Server(command, ready) as server:
            return server.start * 1e3, server.memory()

    def cold():
        shutil.rmtree(cache, ignore_errors=True)
        return started(serve, "/ready")

    contestants = {
        "Canopy, compiled code in its cache": lambda: started(serve, "/ready"),
        "Canopy, without compiled code": cold,
    }
    try:
        uvicorn = [bench.python(), "-m", "uvicorn", "--app-dir", ROOT / "bench/peers", "--port", "{port}"]
        contestants["FastAPI, usual"] = lambda: started([*uvicorn, "usual:app"], "/docs")
        contestants["FastAPI + Evidently 0.7.21"] = lambda: started([*uvicorn, "evaluate:app"], "/docs")
    except Missing as missing:
        bench.skip("FastAPI", missing)
    # In this order, so that a start with compiled code comes after one that compiles.
    values = alternate(contestants, bench.rounds)
    for name, pairs in values.items():
        how = "it trains its model when it starts" if "FastAPI" in name else ""
        results.append(Result("footprint", "start to ready", name, "ms", [pair[0] for pair in pairs], how=how))
    for name, pairs in values.items():
        results.append(Result("footprint", "memory at rest", name, "MB", [pair[1] for pair in pairs], how="RSS when ready"))
    idle = next(result for result in results if result.case == "memory at rest")
    goals.append(Goal("MB of memory at rest", idle.median, 60, True))

    stripped = bench.folder / "stripped"
    subprocess.run(["strip", "-o", stripped, bench.programs["canopy"]], check=True)
    size = stripped.stat().st_size / 1e6
    results.append(Result("footprint", "size on disk", "Canopy", "MB", [size], how="the stripped binary"))
    goals.append(Goal("MB of the stripped binary", size, 30, True))
    try:
        output = subprocess.run(
            [bench.python(), ROOT / "bench/peers/size.py"], check=True, capture_output=True, text=True).stdout.split()
        how = f"{output[1]} installed packages that FastAPI, scikit-learn, pandas and Evidently need"
        results.append(Result("footprint", "size on disk", "Python packages", "MB", [float(output[0])], how=how))
    except Missing as missing:
        bench.skip("the size of Python's packages", missing)

    specs = {"house": "model-wasm/specs/bike-sharing.toml", "big": "bench/specs/bike-sharing-2011.toml"}
    for name, spec in specs.items():
        file = bench.folder / f"{name}.wasm"
        seconds = alternate({"Canopy": lambda: trained(bench, ROOT / spec, file)}, bench.rounds)["Canopy"]
        size = file.stat().st_size / 1e6
        results.append(Result("footprint", f"{name} forest, file to component", "Canopy", "s", seconds, how="training included"))
        results.append(Result("footprint", f"{name} forest, its component", "Canopy", "MB", [size]))
        if name == "house":
            goals.append(Goal("seconds to train, compile and write the house forest", median(seconds), 2, True))
            goals.append(Goal("MB of its component", size, 8, True))
    return results, goals


def trained(bench, spec, file):
    command = [bench.programs["canopy-trainer"], "train", "--spec", spec, "--data", "embedded", "--output", file]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start
