#!/usr/bin/env bash
# CatBoost 1.2.10: the same fit never gives the same file, and saving a loaded model gives another one.
#
# Seed, data and threads are equal, and so are all predictions. The .cbm files differ, because each holds
# train_finish_time and model_guid; with both blanked in get_metadata() the bytes are equal. Loading such a
# file and saving it again changes the bytes once more, and again at the next load, so a file's hash names
# a model only if the file is never rewritten. The number of threads is part of the bytes too.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv && venv/bin/pip install -q catboost==1.2.10
venv/bin/python - <<'PY'
import hashlib
import pathlib
import time

import numpy as np
from catboost import CatBoostClassifier

X = np.random.default_rng(0).normal(size=(500, 3))
y = (X[:, 0] > 0).astype(int)


def fitted(threads=1):
    model = CatBoostClassifier(
        iterations=5, random_seed=0, thread_count=threads, verbose=False, allow_writing_files=False
    )
    return model.fit(X, y)


def saved(model, blank=True):
    if blank:
        for field in ("model_guid", "train_finish_time"):
            model.get_metadata()[field] = ""
    model.save_model("m.cbm")
    return hashlib.sha256(pathlib.Path("m.cbm").read_bytes()).hexdigest()[:8]


def loaded():
    model = CatBoostClassifier()
    model.load_model("m.cbm")
    return model


one = fitted()
time.sleep(1.1)  # the time is kept in seconds
two, wide = fitted(), fitted(2)
same = all((one.predict_proba(X) == m.predict_proba(X)).all() for m in (two, wide))
print("predictions equal:", same)
plain = [saved(one, blank=False), saved(two, blank=False)]
print("files as saved:", *plain)
blank = [saved(two), saved(one)]
print("blanked:", *blank)
again = [saved(loaded(), blank=False), saved(loaded(), blank=False)]
print("loaded and saved, twice:", *again)
other = saved(wide)
print("two threads:", other)
assert same and plain[0] != plain[1] and blank[0] == blank[1], "changed"
assert len({blank[0], *again}) == 3 and other != blank[0], "changed"
PY
