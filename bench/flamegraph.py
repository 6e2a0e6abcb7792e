#!/usr/bin/env python3
"""Draws a flame graph of the processor time of `POST /predict`: `make flamegraph`.

    bench/flamegraph.py MODEL SVG [--connections 8] [--seconds 15]

Records the host under load with perf (Debian's linux-perf). It samples call stacks by the clock, which needs neither
hardware counters nor a special build; frames in the kernel are visible to root only. Prints each part's share of the
time as a Markdown table."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import flame
import setup
from process import PINNED, Server
from table import records

# Samples per second and processor; a prime number, so that samples do not synchronise with periodic work.
FREQUENCY = 499


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("svg")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=15)
    arguments = parser.parse_args()
    if not shutil.which("perf"):
        sys.exit("perf is not installed: on Debian, install linux-perf")
    host = [setup.ROOT / "target/release/canopy", "serve", "--listen", "127.0.0.1:{port}", "--model", arguments.model]
    with tempfile.TemporaryDirectory(prefix="canopy-flame-") as folder, Server(host, ready="/ready") as server:
        profile = Path(folder) / "perf.data"
        load = record(server, profile, Path(folder), arguments)
        script = ["perf", "script", "--input", profile, "--no-inline", "-F", "comm,ip,sym,dso"]
        stacks = flame.fold(subprocess.run(script, check=True, capture_output=True, text=True).stdout)
    Path(arguments.svg).write_text(flame.draw(stacks))
    print(f"{sum(stacks.values())} samples at {load['rate']:.0f} requests/s, {arguments.connections} connections\n")
    seconds = sum(stacks.values()) / FREQUENCY
    print(flame.table(stacks, seconds / (load["rate"] * arguments.seconds) * 1e6))


def record(server, profile, folder, arguments) -> dict:
    """Records a profile while the host is under load and warm; returns the results of wrk."""
    bodies = folder / "records.jsonl"
    rows = [{key: value for key, value in row.items() if key != "cnt"} for row in records()[:1000]]
    bodies.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [*PINNED, *setup.wrk(), "--threads", "1", "--connections", str(arguments.connections),
               "--duration", f"{arguments.seconds + 4}s", "--script", setup.ROOT / "bench/load.lua",
               server.url("/predict"), "--", bodies]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as wrk:
        subprocess.run(["sleep", "2"], check=True)
        # Stacks are unwound by the tables that release builds have.
        subprocess.run(["perf", "record", "--quiet", "--event", "cpu-clock", "--freq", str(FREQUENCY), "--call-graph",
                        "dwarf,32768", "--pid", str(server.process.pid), "--output", profile, "--",
                        "sleep", str(arguments.seconds)], check=True)
        load = json.loads(wrk.communicate()[0].splitlines()[-1])
    if wrk.returncode or load["errors"]:
        sys.exit(f"requests failed: {load}")
    return load


if __name__ == "__main__":
    main()
