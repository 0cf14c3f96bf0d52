"""Linear algebra of the public verbs runs on one thread, whatever the machine offers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import truerisk as tr
from truerisk.statistics.threads import one_thread

VERBS = [
    "decide", "drift", "fairness", "fit", "measure", "measure_ledger", "predictability", "review",
    "vintages", "watch",
]  # fmt: skip


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Set by a thread that is gone then: one that lives would keep its limit."""
    with ThreadPoolExecutor(1) as other:
        limits = other.submit(threadpool_limits, 2, "blas").result()
    yield
    with ThreadPoolExecutor(1) as other:
        other.submit(limits.restore_original_limits).result()


def threads() -> set[int]:
    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}


@one_thread
def nested() -> set[int]:
    return threads()


@one_thread
def failing() -> None:
    nested()
    raise ValueError


def test_it_holds_within_and_not_after(two_threads: None) -> None:
    @one_thread
    def verb() -> list[set[int]]:
        return [threads(), nested(), threads()]

    assert verb() == [{1}, {1}, {1}]
    with pytest.raises(ValueError):
        failing()
    assert threads() == {2}
    assert nested() == {1}, "a verb that failed must not leave the next one unguarded"


@pytest.mark.parametrize("ends_first", ["the first", "the second"])
def test_it_holds_until_the_last_of_several_at_once_is_done(
    two_threads: None, ends_first: str
) -> None:
    begun = [Event(), Event()]
    end = [Event(), Event()]

    @one_thread
    def verb(k: int) -> set[int]:
        begun[k].set()
        end[k].wait(10)
        return threads()

    with ThreadPoolExecutor(2) as pool:
        running = []
        for k in range(2):
            running.append(pool.submit(verb, k))
            begun[k].wait(10)
        for k in (0, 1) if ends_first == "the first" else (1, 0):
            end[k].set()
            assert running[k].result() == {1}
    assert threads() == {2}, "and not for ever"


@pytest.mark.slow
def test_a_sum_is_the_same_with_every_number_of_threads(two_threads: None) -> None:
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(300, 20_000)), rng.normal(size=(20_000, 40))

    def product() -> np.ndarray:
        return left @ right

    with threadpool_limits(1, "blas"):
        alone = product()
    assert (one_thread(product)() == alone).all()


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_with_linear_algebra_has_it(name: str) -> None:
    assert hasattr(getattr(tr, name), "__wrapped__")


@pytest.mark.parametrize("name", tr.worth.__all__)
def test_so_has_every_figure_in_dollars(name: str) -> None:
    assert hasattr(getattr(tr.worth, name), "__wrapped__")
