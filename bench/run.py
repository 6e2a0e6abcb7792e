#!/usr/bin/env python3
"""Measures the performance that the documentation claims, beside that of peers: `make bench`.

    bench/run.py [--only forest,predict] [--rounds 10] [--quick] [--write docs/explanation/performance.md]

Contestants take turns, round by round; tables show median, lowest and highest value. All results
are also written to target/bench.json. `--write` inserts them into the marked block of a document;
with `--only none`, those of the last run: `bench/run.py --only none --write docs/explanation/performance.md`.
"""

import argparse
import functools
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import machine
import report
import setup
from measure import Goal, Result

HEADINGS = {
    "training": "Training",
    "forest": "The forest alone, one thread",
    "predict": "`POST /predict`",
    "batch": "`POST /predict/batch`",
    "evaluate": "`POST /evaluate`",
    "footprint": "Start, memory, size",
    "swap": "Swapping versions under load",
}
JSON = setup.ROOT / "target/bench.json"


class Bench:
    """What all sections share."""

    def __init__(self, programs, rounds, quick, folder):
        self.programs, self.rounds, self.quick = programs, rounds, quick
        self.folder, self.skipped = folder, []

    def say(self, text):
        print(f"  {text}", flush=True)

    def skip(self, what, why):
        self.skipped.append(f"{what} ({why})")
        self.say(f"skipped: {what}: {why}")
        if "CANOPY_NOT_RUN" in os.environ:
            command = [setup.ROOT / "scripts/not-run.sh", "--allowed", f"measuring {what}", str(why)]
            subprocess.run(command, check=True)

    def model(self, version="1.0.0"):
        """The component of the bike-sharing model."""
        file = self.folder / f"bike-sharing-{version}.wasm"
        if not file.exists():
            subprocess.run(
                [self.programs["canopy-trainer"], "train", "--spec", setup.ROOT / "model-wasm/specs/bike-sharing.toml",
                 "--data", "embedded", "--version", version, "--output", file],
                check=True, stdout=subprocess.DEVNULL)
        return file

    @functools.cache
    def python(self):
        return setup.python()

    @functools.cache
    def wrk(self):
        return setup.wrk()


def main():
    arguments = parse()
    sections = [name for name in HEADINGS if name in arguments.only]
    if sections:
        content = run(sections, arguments)
    else:
        content = remembered()
    if arguments.write:
        report.write(arguments.write, content)


def run(sections, arguments):
    start = time.monotonic()
    here = machine.describe()
    print(", ".join(f"{key} {value}" for key, value in here.items()), flush=True)
    results, goals = [], []
    with tempfile.TemporaryDirectory(prefix="canopy-bench-") as folder:
        rounds = arguments.rounds or (3 if arguments.quick else 10)
        bench = Bench(setup.programs(), rounds, arguments.quick, Path(folder))
        for name in sections:
            print(f"\n{HEADINGS[name]}", flush=True)
            try:
                found, claims = importlib.import_module(f"sections.{name}").measure(bench)
            except setup.Missing as missing:
                bench.skip(name, missing)
                continue
            report.printed(found)
            report.print_goals(claims)
            sys.stdout.flush()
            results += found
            goals += claims
    print(f"\n{sum(goal.met for goal in goals)} of {len(goals)} goals met, {time.monotonic() - start:.0f} s, {JSON}")
    content = {
        "machine": here, "rounds": f"{rounds}, quick mode" if arguments.quick else str(rounds), "skipped": bench.skipped, "headings": HEADINGS, "results": results,
        "goals": goals,
    }
    JSON.write_text(json.dumps(content, default=asdict, indent=1, ensure_ascii=False))
    return content


def remembered():
    content = json.loads(JSON.read_text())
    content["results"] = [Result(**each) for each in content["results"]]
    content["goals"] = [Goal(**each) for each in content["goals"]]
    return content


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda text: text.split(",")  # noqa: E731
    parser.add_argument("--only", type=names, default=list(HEADINGS), metavar="SECTIONS",
                        help=f"sections to measure, comma-separated (default: all): {', '.join(HEADINGS)}")
    parser.add_argument("--rounds", type=int, help="number of rounds (default: 10, with --quick 3)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller batches, nothing that takes minutes to compile")
    parser.add_argument("--write", type=Path, metavar="DOCUMENT", help="insert the results into the marked block of a document")
    arguments = parser.parse_args()
    for name in arguments.only:
        if name not in (*HEADINGS, "none"):
            parser.error(f"unknown section {name}: expected {', '.join(HEADINGS)} or none")
    return arguments


if __name__ == "__main__":
    main()
