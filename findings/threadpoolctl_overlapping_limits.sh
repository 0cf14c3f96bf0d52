#!/usr/bin/env bash
# threadpoolctl 3.8.0 with numpy 2.4.6 (OpenBLAS): two overlapping limits of two threads end wrongly.
#
# Thread A enters `with threadpool_limits(1)`, then thread B does, then A leaves, then B. While A is inside,
# both see 1 thread. As soon as A leaves, B computes with all threads again, inside its own `with`. And when
# B leaves, the process stays at 1 thread for good: B puts back the 1 that it found. The documentation says
# that a limit may hold for the whole process, not that it can outlive its `with`.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -q threadpoolctl==3.8.0 numpy==2.4.6
cat > overlap.py <<'PY'
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy  # noqa: F401  loads OpenBLAS
from threadpoolctl import threadpool_info, threadpool_limits


def threads():
    return next(lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas")


a_in, b_in, a_may_leave, b_may_leave = (Event() for _ in range(4))


def inside(entered, may_leave):
    with threadpool_limits(1, "blas"):
        entered.set()
        may_leave.wait(10)
        return threads()


before = threads()
with ThreadPoolExecutor(2) as pool:
    a = pool.submit(inside, a_in, a_may_leave)
    a_in.wait(10)
    b = pool.submit(inside, b_in, b_may_leave)
    b_in.wait(10)
    both = threads()
    a_may_leave.set()
    a.result()
    b_may_leave.set()
    print(f"before {before}, both inside {both}, B alone inside {b.result()}", end=", ")
print(f"after {threads()}")
PY
said=$(OPENBLAS_NUM_THREADS=2 venv/bin/python overlap.py)
echo "$said"
[[ $said == "before 2, both inside 1, B alone inside 2, after 1" ]] || { echo changed; exit 1; }
