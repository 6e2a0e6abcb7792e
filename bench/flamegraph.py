#!/usr/bin/env python3
"""Draws a flame graph of the processor time of `POST /predict`: `make flamegraph`.

    bench/flamegraph.py MODEL SVG [--connections 8] [--seconds 15]

Records the host under load with perf (Debian's linux-perf). It samples call stacks by the clock, which needs neither
hardware counters nor a special build; frames in the kernel are visible to root only. Prints each part's share of the
time as a Markdown table."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import flame
import load
import setup
from process import Server

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
        results = record(server, profile, Path(folder), arguments)
        script = ["perf", "script", "--input", profile, "--no-inline", "-F", "comm,ip,sym,dso"]
        stacks = flame.fold(subprocess.run(script, check=True, capture_output=True, text=True).stdout)
    Path(arguments.svg).write_text(flame.draw(stacks))
    print(f"{sum(stacks.values())} samples at {results['rate']:.0f} requests/s, {arguments.connections} connections\n")
    seconds = sum(stacks.values()) / FREQUENCY
    print(flame.table(stacks, seconds / (results["rate"] * arguments.seconds) * 1e6))


def record(server, profile, folder, arguments) -> dict:
    """Records a profile while the host is under load and warm; returns the results of wrk."""
    bodies = folder / "records.jsonl"
    load.write_bodies(bodies)
    command = load.command(setup.wrk(), server, bodies, arguments.connections, arguments.seconds + 4, threads=1)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as wrk:
        subprocess.run(["sleep", "2"], check=True)
        # Stacks are unwound by the tables that release builds have.
        subprocess.run(["perf", "record", "--quiet", "--event", "cpu-clock", "--freq", str(FREQUENCY), "--call-graph",
                        "dwarf,32768", "--pid", str(server.process.pid), "--output", profile, "--",
                        "sleep", str(arguments.seconds)], check=True)
        results = load.results(wrk.communicate()[0])
    if wrk.returncode or results["errors"]:
        sys.exit(f"requests failed: {results}")
    return results


if __name__ == "__main__":
    main()
