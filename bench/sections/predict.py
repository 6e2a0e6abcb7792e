"""`POST /predict` over HTTP, beside bare axum and FastAPI."""

import json

import load
from measure import Goal, Result, alternate
from process import Server
from setup import ROOT, Missing

CONNECTIONS = [1, 8, 64]
# A single request to FastAPI may take a second.
SECONDS, SLOW_SECONDS = 1, 3


def measure(bench):
    wrk = bench.wrk()
    bodies = bench.folder / "records.jsonl"
    rows = load.write_bodies(bodies)
    servers = start(bench)
    results, goals = [], []
    try:
        for name, server in servers.items():
            answer = server.request("POST", "/predict", json.dumps(rows[0]))
            assert answer[0] == 200 and "predicted_count" in json.loads(answer[1]), (name, answer)
        for connections in CONNECTIONS:
            contestants = {
                name: lambda server=server, seconds=SLOW_SECONDS if "FastAPI" in name else SECONDS:
                load.run(wrk, server, bodies, connections, seconds)
                for name, server in servers.items()
            }
            values = alternate(contestants, bench.rounds)
            tabulate(connections, values, results, goals)
        for name, server in servers.items():
            case = "memory under this load"
            results.append(Result("predict", case, name, "MB", [server.memory()], how="RSS of all its processes"))
    finally:
        for server in servers.values():
            server.__exit__()
    return results, goals


def start(bench) -> dict:
    servers = {
        "Canopy": Server([bench.programs["canopy"], "serve", "--listen", "127.0.0.1:{port}", "--model", bench.model()],
                         ready="/ready"),
        "bare axum": Server([bench.programs["bare"], "127.0.0.1:{port}"]),
    }
    try:
        python = bench.python()
        uvicorn = [python, "-m", "uvicorn", "--app-dir", ROOT / "bench/peers", "--port", "{port}"]
        tuned = [*uvicorn, "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        servers["FastAPI, usual"] = Server([*uvicorn, "usual:app"], ready="/docs")
        servers["FastAPI, tuned"] = Server([*tuned, "tuned:app"], ready="/docs")
        servers["FastAPI, tuned, 2 workers"] = Server([*tuned, "--workers", "2", "tuned:app"], ready="/docs")
    except Missing as missing:
        bench.skip("FastAPI", missing)
    return servers


def tabulate(connections, values, results, goals):
    kept = f"{connections} connection{'s' if connections > 1 else ''}"
    measures = {"rate": ("requests/s", True, 1), "p50": ("ms, median", False, 1e-3), "p99": ("ms, 99th percentile", False, 1e-3)}
    found = {}
    for key, (unit, more, scale) in measures.items():
        for name, reports in values.items():
            scaled = [report[key] * scale for report in reports]
            found[key, name] = Result("predict", kept, name, unit, scaled, more)
    results += found.values()
    for name, reports in values.items():
        failed = sum(report["errors"] for report in reports)
        if failed:
            results.append(Result("predict", kept, name, "requests failed", [failed], how="in all rounds; not in requests/s"))

    def better(key, peer):
        return found[key, "Canopy"].ratio(found[key, peer])

    failed = sum(report["errors"] for report in values["Canopy"])
    goals.append(Goal(f"{kept}: requests that failed", failed, 0, True))
    goals.append(Goal(f"{kept}: share of bare axum's requests/s", better("rate", "bare axum"), 0.9))
    goals.append(Goal(f"{kept}: p99 as a multiple of bare axum's", 1 / better("p99", "bare axum"), 1.3, True))
    if ("rate", "FastAPI, usual") in found:
        tuned = max(("FastAPI, tuned", "FastAPI, tuned, 2 workers"), key=lambda name: found["rate", name].median)
        goals.append(Goal(f"{kept}: times the requests/s of the usual FastAPI app", better("rate", "FastAPI, usual"), 1000))
        goals.append(Goal(f"{kept}: times the requests/s of the tuned one ({tuned})", better("rate", tuned), 200))
        quicker = min(("FastAPI, tuned", "FastAPI, tuned, 2 workers"), key=lambda name: found["p50", name].median)
        goals.append(Goal(f"{kept}: times shorter median latency than the tuned one", better("p50", quicker), 200))
