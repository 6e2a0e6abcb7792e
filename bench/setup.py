"""Prerequisites of the measurements: programs, peers, a load generator."""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
GUESTS = ["canopy-guest", "canopy-unruly-guest", "canopy-wasi-guest"]


class Missing(Exception):
    """The reason why something cannot be measured here."""


def programs() -> dict:
    """Builds the benchmark programs in Rust (`make build` builds the others); returns the paths of canopy,
    canopy-trainer, worker and bare by name."""
    excluded = [part for guest in GUESTS for part in ("--exclude", guest)]
    command = ["cargo", "bench", "--profile", "release", "--workspace", *excluded, "--no-run", "--bench", "worker",
               "--bench", "bare", "--message-format", "json-render-diagnostics"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = (json.loads(line) for line in lines.splitlines())
    built = {each["target"]["name"]: Path(each["executable"]) for each in messages if each.get("executable")}
    return built | {name: ROOT / "target/release" / name for name in ("canopy", "canopy-trainer")}


def python() -> Path:
    """The interpreter of a virtual environment with the peers, which is kept."""
    requirements = ROOT / "bench/peers/requirements.txt"
    folder = CACHE / "python/bench"
    program, mark = folder / "bin/python", folder / "requirements.txt"
    if mark.exists() and mark.read_text() == requirements.read_text():
        return program
    print("installing the peers of bench/peers/requirements.txt", flush=True)
    run = ["python3", "-m", "venv", folder]
    install = [program, "-m", "pip", "install", "--quiet", "--requirement", requirements]
    for command in (run, install):
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no error message"])[-1]
            raise Missing(f"cannot install the Python peers: {last}")
    mark.write_text(requirements.read_text())
    return program


def wrk() -> list:
    """The command of the load generator: Debian's package, unpacked without being installed."""
    packages = ["wrk", "libluajit-5.1-2", "libluajit-5.1-common"]
    unpack = subprocess.run([ROOT / "scripts/unpack.sh", "wrk", *packages], capture_output=True, text=True)
    if unpack.returncode != 0:
        raise Missing(f"cannot download wrk: {unpack.stderr.strip()}; try 'apt-get update'")
    folder = Path(unpack.stdout.strip())
    command = ["env", f"LD_LIBRARY_PATH={folder}/usr/lib/x86_64-linux-gnu", f"{folder}/usr/bin/wrk"]
    works = subprocess.run([*command, "--version"], capture_output=True, text=True)
    if "Copyright" not in works.stdout + works.stderr:
        raise Missing(f"Debian's wrk does not run here: {works.stderr.strip()}")
    return command
