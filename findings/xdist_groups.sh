#!/usr/bin/env bash
# pytest 9.2.0 with pytest-xdist 3.8.0: --dist loadgroup no longer keeps a group on one worker.
#
# Eight tests of one xdist_group run on one worker with pytest 9.1.1, and on both with 9.2.0. Nothing warns,
# so tests that share a server or a trained model by their group start it twice, or race for it.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
cat > test_group.py <<'PY'
import os
import time

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("i", range(8))
def test_group(i, worker_id):
    time.sleep(0.2)
    with open(os.environ["SEEN"], "a") as file:
        file.write(worker_id + "\n")
PY
python3 -m venv venv
for version in 9.1.1 9.2.0; do
  venv/bin/pip install -q pytest==$version pytest-xdist==3.8.0
  SEEN=$work/$version venv/bin/pytest -q -n 2 --dist loadgroup -p no:cacheprovider >/dev/null
  echo "pytest $version: $(sort -u "$version" | wc -l) workers"
done
[[ $(sort -u 9.1.1 | wc -l)$(sort -u 9.2.0 | wc -l) == 12 ]] || { echo changed; exit 1; }
