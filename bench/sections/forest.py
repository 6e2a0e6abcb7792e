"""The forest alone: in its component, called as the host calls it, beside native libraries."""

import os

from measure import Goal, Result, alternate
from process import Worker
from setup import CACHE, ROOT, Missing

SPECS = {
    "house forest": ROOT / "model-wasm/specs/bike-sharing.toml",
    "big forest": ROOT / "bench/specs/bike-sharing-2011.toml",
}
# Rows per call, and the goal: how many times faster than the fastest peer the component is.
BATCHES = {1: 7, 168: 6, 17_379: 4}
# Seconds that the calls of a contestant take per round.
ROUND = 0.1


def measure(bench):
    results, goals = [], []
    for name, spec in SPECS.items():
        folder = bench.folder / name.replace(" ", "-")
        folder.mkdir()
        with Worker(bench.programs["worker"], "forest", spec, folder) as rust:
            size = rust.answer()
            bench.say(f"{name}: {size['leaves']:,} leaves, a component of {size['component']:,} bytes")
            contestants = {
                "canopy": (rust, "Canopy", "the component, Model::predict through the pool of instances"),
                "smartcore": (rust, "smartcore 0.7", "RandomForestRegressor::predict, native Rust"),
            }
            try:
                # In quick mode, nothing that takes minutes is compiled.
                os.environ["BENCH_LEAVES_TO_COMPILE"] = "100000" if bench.quick else "10000000"
                peers = Worker(bench.python(), ROOT / "bench/peers/forest.py", folder, CACHE / "bench/forests")
            except Missing as missing:
                bench.skip(f"native peers of {name}", missing)
                measured(name, contestants, results, goals, bench)
                continue
            with peers:
                told = peers.answer()
                for peer, reason in told["skipped"].items():
                    bench.skip(f"{peer}, {name}", reason)
                contestants |= {key: (peers, *about) for key, about in told["contestants"].items()}
                measured(name, contestants, results, goals, bench)
    return results, goals


def measured(forest, contestants, results, goals, bench):
    for rows, goal in BATCHES.items():
        calls = {key: calls_of(worker, key, rows) for key, (worker, *_) in contestants.items()}

        def once(key, worker):
            return lambda: worker.order(contestant=key, rows=rows, calls=calls[key]) / calls[key] / rows * 1e6

        values = alternate({key: once(key, worker) for key, (worker, *_) in contestants.items()}, bench.rounds)
        case = f"{forest}, {rows:,} row{'s' if rows > 1 else ''} a call"
        of_case = [
            Result("forest", case, "Canopy" if key == "canopy" else about[0], "µs a row", values[key], how=about[1])
            for key, (_, *about) in contestants.items()
        ]
        of_case = [of_case[0], *best_of_each(of_case[1:])]
        results += of_case
        if len(of_case) > 2:
            fastest = min(of_case[1:], key=lambda result: result.median)
            text = f"{case}: times faster than the fastest native peer ({fastest.contestant})"
            goals.append(Goal(text, of_case[0].ratio(fastest), goal))


def calls_of(worker, key, rows):
    """The number of calls that take about ROUND seconds."""
    calls = 1
    while True:
        seconds = worker.order(contestant=key, rows=rows, calls=calls)
        if seconds > ROUND / 10:
            return max(1, round(calls * ROUND / seconds))
        calls *= 4


def best_of_each(results):
    """Of a library that was called in several ways, the fastest counts."""
    best = {}
    for result in sorted(results, key=lambda result: result.median):
        best.setdefault(result.contestant, result)
    return best.values()
