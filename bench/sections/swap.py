"""Uploads and rollbacks under prediction load."""

import threading
import time

import load
from measure import Goal, Result, alternate
from process import Server

CONNECTIONS = 2
SECONDS = 2


def measure(bench):
    wrk = bench.wrk()
    bodies = bench.folder / "swap.jsonl"
    load.write_bodies(bodies)
    versions = [bench.model(version).read_bytes() for version in ("1.0.0", "1.1.0")]
    models = bench.folder / "models"
    models.mkdir()
    command = [bench.programs["canopy"], "serve", "--listen", "127.0.0.1:{port}", "--models", models]
    durations = {"PUT of a version seen before": [], "rollback": []}
    path = "/models/bike-sharing"
    with Server(command, ready="/health") as server:
        for version in versions:
            put(server, path, version)

        def swapping():
            """As `calm`, with uploads and rollbacks in turn, a quarter of a second apart."""
            stop = threading.Event()

            def swap():
                for number in range(10**6):
                    if stop.wait(0.25):
                        return
                    start = time.perf_counter()
                    kind = "rollback" if number % 2 else "PUT of a version seen before"
                    if number % 2:
                        rollback(server, path)
                    else:
                        put(server, path, versions[1])
                    durations[kind].append((time.perf_counter() - start) * 1e3)

            swapper = threading.Thread(target=swap)
            swapper.start()
            try:
                return load.run(wrk, server, bodies, CONNECTIONS, SECONDS)
            finally:
                stop.set()
                swapper.join()

        calm = lambda: load.run(wrk, server, bodies, CONNECTIONS, SECONDS)  # noqa: E731
        values = alternate({"while versions are swapped": swapping, "undisturbed": calm}, bench.rounds)
    results = []
    for key, unit in {"p99": "ms, 99th percentile", "p999": "ms, 99.9th percentile", "max": "ms, longest"}.items():
        for name, reports in values.items():
            results.append(Result("swap", "/predict, 2 connections", name, unit, [report[key] / 1e3 for report in reports]))
    for name, seconds in durations.items():
        results.append(Result("swap", f"{name}, under load", "Canopy", "ms", seconds))
    slowest = next(result for result in results if result.unit == "ms, 99.9th percentile")
    return results, [Goal("99.9th percentile of /predict while versions are swapped, ms", slowest.median, 1, True)]


def put(server, path, component):
    status, answer = server.request("PUT", path, component, "application/wasm")
    assert status in (200, 201), answer


def rollback(server, path):
    status, answer = server.request("POST", f"{path}/rollback")
    assert status == 200, answer
