"""One part of a case in its own process: one.py CASE FOLDER prepare SEED SCALE | ready | work."""

import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path


def main(name: str, folder: str, part: str, *words: str) -> None:
    case = import_module(name)
    if part == "prepare":
        case.prepare(Path(folder), int(words[0]), float(words[1]))
        return
    if part == "ready":
        getattr(case, part, lambda folder: None)(Path(folder))
        return
    before, started = _seconds(), time.perf_counter()
    found = case.work(Path(folder))
    said = {"cpu": _seconds() - before, "wall": time.perf_counter() - started, "outputs": found}
    sides = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    said["peak"] = max(resource.getrusage(who).ru_maxrss for who in sides) * 1024
    print(json.dumps(said))


def _seconds() -> float:
    """CPU seconds of this process and of those that it started."""
    sides = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in sides)


if __name__ == "__main__":
    main(*sys.argv[1:])
