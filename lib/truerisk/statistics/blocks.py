"""Rows in blocks: arithmetic on millions of them costs what memory costs, on a block what it is."""

from collections.abc import Iterator

BLOCK = 1 << 13  # rows whose arrays stay in a processor's cache, and in memory that is used again


def blocks(n: int) -> Iterator[slice]:
    return (slice(i, min(i + BLOCK, n)) for i in range(0, n, BLOCK))
