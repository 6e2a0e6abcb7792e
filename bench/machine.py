"""The machine that the measurements run on."""

import os
import platform
import subprocess


def describe() -> dict:
    with open("/proc/cpuinfo") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "kernel": platform.release().split("-")[0],
        "Rust": output_of("rustc", "--version").split()[1],
        "gcc": output_of("gcc", "-dumpfullversion"),
        "Python": platform.python_version(),
    }


def output_of(*command):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "none none"
