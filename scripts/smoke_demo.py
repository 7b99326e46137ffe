"""Start the demo clinic on a free port, look at it, stop it: `python3 scripts/smoke_demo.py`.

Fails unless it becomes healthy, shows its log-in page, refuses a second start, and leaves nothing running.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST_START_SECONDS = 600
SECOND_START_SECONDS = 15.0


class SmokeError(Exception):
    """The demo did not behave."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)


def start(port: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PORT": str(port)}
    return subprocess.Popen(["make", "demo"], cwd=ROOT, env=environment, start_new_session=True)


def wait_healthy(demo: subprocess.Popen[bytes], port: int, seconds: float) -> float:
    """Seconds until /healthz said 200."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if demo.poll() is not None:
            raise SmokeError(f"make demo ended with code {demo.returncode}")
        if fetch(f"http://127.0.0.1:{port}/healthz")[0] == 200:
            return time.monotonic() - started
        time.sleep(0.2)
    raise SmokeError(f"/healthz was not 200 within {seconds} s: {fetch(f'http://127.0.0.1:{port}/healthz')}")


def stop(demo: subprocess.Popen[bytes], port: int) -> None:
    """What Ctrl-C does: the signal reaches make and the demo alike."""
    os.killpg(demo.pid, signal.SIGINT)
    demo.wait(60)
    if fetch(f"http://127.0.0.1:{port}/healthz")[0] != 0:
        raise SmokeError("the web server answers after the stop")
    left = subprocess.run(["pgrep", "-g", str(demo.pid)], check=False, capture_output=True, text=True).stdout.split()
    if left:
        raise SmokeError(f"processes are left after the stop: {left}")
    if any((ROOT / "var" / "run").glob("*.json")):
        raise SmokeError("the stop left notes of running processes in var/run")


def look_around(port: int) -> None:
    status, page = fetch(f"http://127.0.0.1:{port}/accounts/login/")
    if status != 200 or "<form" not in page:
        raise SmokeError(f"the log-in page answers {status}")
    second = subprocess.run(
        ["make", "demo"], cwd=ROOT, env={**os.environ, "PORT": str(port)}, check=False, capture_output=True, text=True
    )
    if second.returncode == 0 or "runs already" not in second.stderr:
        raise SmokeError(f"a second start did not say that the clinic runs already:\n{second.stdout}{second.stderr}")
    if fetch(f"http://127.0.0.1:{port}/healthz")[0] != 200:
        raise SmokeError("a second start disturbed the first")


def main() -> int:
    port = free_port()
    demo = start(port)
    try:
        first = wait_healthy(demo, port, FIRST_START_SECONDS)
        look_around(port)
        stop(demo, port)
        demo = start(port)
        second = wait_healthy(demo, port, 120)
        stop(demo, port)
    except SmokeError as error:
        print(f"demo smoke test failed: {error}", file=sys.stderr)
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGTERM)
            demo.wait(60)
        return 1
    slow = "" if second < SECOND_START_SECONDS else f" (over the promised {SECOND_START_SECONDS:.0f} s)"
    print(f"demo smoke test passed: first start {first:.1f} s, second start {second:.1f} s{slow}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
