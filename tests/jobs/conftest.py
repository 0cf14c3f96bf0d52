"""The log and the lake of monitoring's tests."""

from tests.monitoring.conftest import lake, log, problem

__all__ = ["lake", "log", "problem"]
