"""The lender of the catalogue's tests."""

from tests.catalog.conftest import catalog, problem, world

__all__ = ["catalog", "problem", "world"]
