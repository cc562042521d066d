# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks on this kernel share: when a tracer watches, and medians with what they are worth."""
import random
import statistics
import time

PATIENCE = 60  # seconds until a tracer watches
WAITING = ("7", "232", "271", "281", "441")  # poll, epoll_wait, ppoll, epoll_pwait, epoll_pwait2 of x86-64


def waits(pid):
    """Whether it sleeps until something happens, as connscope and others do once they watch."""
    try:
        with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
            return file.read().partition(" ")[0] in WAITING
    except OSError:
        return False


def wait_until(watches, process):
    """Whether WATCHES() came true before PROCESS ended, or PATIENCE did."""
    end = time.monotonic() + PATIENCE
    while not watches():
        if process.poll() is not None or time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def interval(values):
    """The median, with its 95 % bootstrap interval."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(2000))
    return [statistics.median(values), medians[50], medians[-51]]
