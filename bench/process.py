"""Processes: workers that are controlled line by line, and servers."""

import http.client
import json
import os
import socket
import subprocess
import time
from pathlib import Path

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Load generators and servers share these cores, the same for every server.
PINNED = ["taskset", "-c", "0,1"]
# Seconds.
PATIENCE = 120


class Worker:
    """A process that responds to every line of JSON with one."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[:2]} exited with status {self.process.wait()}")
        return json.loads(line)

    def order(self, **order) -> float:
        """Sends an order; returns the seconds that it took."""
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self.answer()["seconds"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


class Server:
    """A server on a free port; `{port}` in the command is replaced."""

    def __init__(self, command, ready="/", environment=None, log=subprocess.DEVNULL):
        self.port = free_port()
        command = [str(part).replace("{port}", str(self.port)) for part in command]
        start = time.perf_counter()
        self.process = subprocess.Popen(
            [*PINNED, *command], cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, **(environment or {})})
        self.wait(ready)
        self.start = time.perf_counter() - start

    def wait(self, path):
        limit = time.perf_counter() + PATIENCE
        while True:
            try:
                status, _ = self.request("GET", path)
                if status < 500:
                    return
            except OSError:
                pass
            if self.process.poll() is not None or time.perf_counter() > limit:
                raise RuntimeError(f"{self.process.args} is not ready after {PATIENCE} s, or has exited")
            time.sleep(0.001)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def request(self, method, path, body=None, media_type="application/json"):
        """Status and body of the response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {"content-type": media_type} if body else {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def seconds(self, path, body, media_type="application/json") -> float:
        """Time from sending a request to having read the response, whose status must be 200."""
        start = time.perf_counter()
        status, answer = self.request("POST", path, body, media_type)
        duration = time.perf_counter() - start
        if status != 200:
            raise RuntimeError(f"{path} responds with {status}: {answer[:300]!r}")
        return duration

    def memory(self, field="VmRSS") -> float:
        """Memory of all processes of the server, in MB."""
        return sum(status(process, field) for process in family(self.process.pid))

    def forget_peak(self):
        """Resets VmHWM, the peak of memory."""
        with open(f"/proc/{self.process.pid}/clear_refs", "w") as file:
            file.write("5")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # The children of a killed server would keep serving.
        for process in reversed(family(self.process.pid)):
            try:
                os.kill(process, 9)
            except ProcessLookupError:
                pass
        self.process.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def family(process):
    """The IDs of a process and its descendants."""
    found = [process]
    for task in os.listdir(f"/proc/{process}/task"):
        try:
            children = Path(f"/proc/{process}/task/{task}/children").read_text().split()
        except FileNotFoundError:
            continue  # The thread has ended in the meantime.
        for child in children:
            found += family(int(child))
    return found


def status(process, field):
    with open(f"/proc/{process}/status") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0
