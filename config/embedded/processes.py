"""Ending processes of our own, also those that a crash left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


@dataclass(frozen=True)
class Known:
    """A process that cannot be mistaken for another that got the same number later."""

    pid: int
    born: float

    def process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.born) < 2 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if same else None


def remember(path: Path, pid: int) -> None:
    """Write down a child's number and birth, for the start after a crash."""
    try:
        born = psutil.Process(pid).create_time()
    except psutil.Error:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"pid": pid, "born": born}), encoding="utf-8")


def recall(path: Path) -> Known | None:
    try:
        return Known(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def end_leftover(path: Path, *, stop_signal: signal.Signals = signal.SIGTERM, patience: float = 15) -> bool:
    """End the process group remembered in `path`, if it still lives; True when there was one."""
    known = recall(path)
    process = known.process() if known else None
    path.unlink(missing_ok=True)
    if process is None:
        return False
    end_group(process.pid, stop_signal, patience)
    return True


def end_group(pid: int, stop_signal: signal.Signals, patience: float) -> None:
    """Ask the process `pid` to end, wait `patience` seconds, then kill its whole group."""
    try:
        process = psutil.Process(pid)
        process.send_signal(stop_signal)
    except psutil.NoSuchProcess:
        return
    if not wait_until(lambda: has_ended(process), patience):
        kill_group(pid)
        wait_until(lambda: has_ended(process), 5)


def has_ended(process: psutil.Process) -> bool:
    """A process that nobody has collected yet has ended, too."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def kill_group(pid: int) -> None:
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Ask `condition()` until it is true or the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(pause)
    return condition()
