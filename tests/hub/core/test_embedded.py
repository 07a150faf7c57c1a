"""The embedded broker's log."""

import logging

import pytest

from hub.core.embedded import _in_one_line


def test_a_slow_client_leaves_one_line_and_no_stack_trace(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("amqtt.broker")
    log.addFilter(_in_one_line)
    error = TimeoutError("no PUBACK for packet 7")
    log.error("Task failed and will be skipped: <Task finished ...>", exc_info=error)
    log.removeFilter(_in_one_line)
    assert caplog.messages == ["a message was not delivered: no PUBACK for packet 7"]
    assert "Traceback" not in caplog.text
