"""`POST /evaluate`: scores and drift, beside FastAPI with Evidently."""

import json

from measure import Goal, Result, alternate
from process import Server
from setup import ROOT, Missing
from table import cycled, records

# Time limit of each case in milliseconds.
LIMITS = {"a week of February": 2, "17,379 rows": 60}


def measure(bench):
    bodies = {
        "a week of February": records("2011-02-08", "2011-02-14"),
        "17,379 rows": cycled(records(), 17_379),
    }
    servers = {
        "Canopy": Server([bench.programs["canopy"], "serve", "--listen", "127.0.0.1:{port}", "--model", bench.model()],
                         ready="/ready"),
    }
    results, goals = [], []
    try:
        try:
            servers["FastAPI + Evidently 0.7.21"] = Server(
                [bench.python(), "-m", "uvicorn", "--app-dir", ROOT / "bench/peers", "--port", "{port}", "evaluate:app"],
                ready="/docs")
        except Missing as missing:
            bench.skip("FastAPI + Evidently", missing)
        for case, rows in bodies.items():
            body = json.dumps({"data": rows, "evaluation_period_name": "bench"}).encode()
            contestants = {
                name: lambda server=server: server.seconds("/evaluate", body) * 1e3 for name, server in servers.items()
            }
            values = alternate(contestants, bench.rounds)
            of_case = [Result("evaluate", f"{case} ({len(rows):,} rows)" if "rows" not in case else case, name, "ms", values[name])
                       for name in servers]
            results += of_case
            goals.append(Goal(f"{case}: ms", of_case[0].median, LIMITS[case], True))
            for peer in of_case[1:]:
                goals.append(Goal(f"{case}: times faster than {peer.contestant}", of_case[0].ratio(peer), 500))
    finally:
        for server in servers.values():
            server.__exit__()
    return results, goals
