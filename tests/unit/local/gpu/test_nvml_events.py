"""Xids: critical errors that end a wait, as the device plugin's health check waits."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

WAITER = """
import sys
from pynvml import *
nvmlInit()
events = nvmlEventSetCreate()
for i in (0, 1):
    nvmlDeviceRegisterEvents(nvmlDeviceGetHandleByIndex(i), nvmlEventTypeXidCriticalError, events)
print("waiting", flush=True)
while True:
    try:
        event = nvmlEventSetWait(events, 20_000)
    except NVMLError_Timeout:
        sys.exit("nothing happened")
    print(nvmlDeviceGetMinorNumber(event.device), event.eventData, flush=True)
"""


@pytest.fixture
def waiter(driver, nvml) -> Iterator[subprocess.Popen[str]]:
    """A program that waits for Xids of GPUs 0 and 1, and prints them."""
    driver.state_file.update(lambda state: state.with_xid(0, 48))  # before anyone listens
    with subprocess.Popen(
        [sys.executable, "-c", WAITER], env=nvml.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        yield process
        process.kill()


def test_an_xid_ends_the_wait_of_those_who_listen_to_its_gpu(driver, waiter):
    driver.state_file.update(lambda state: state.with_xid(2, 79))  # nobody listens
    driver.state_file.update(lambda state: state.with_xid(1, 79))
    assert waiter.stdout.readline() == "1 79\n"


def test_two_xids_at_once_are_told_one_after_the_other(driver, waiter):
    driver.state_file.update(lambda state: state.with_xid(0, 62).with_xid(1, 95))
    assert waiter.stdout.readline() == "0 62\n"
    assert waiter.stdout.readline() == "1 95\n"


def test_a_wait_without_an_xid_times_out(nvml):
    output = nvml.run(
        "from pynvml import *; nvmlInit(); events = nvmlEventSetCreate()\n"
        "try: nvmlEventSetWait(events, 1)\n"
        "except NVMLError_Timeout: print('timeout')\n"
        "nvmlEventSetFree(events)\n"
    )
    assert output == "timeout\n"
