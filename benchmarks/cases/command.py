"""A ``truerisk`` command in a process of its own, of the library that this process reads."""

import subprocess
import sys


def truerisk(*words: str) -> str:
    """What the command prints; its failure ends the benchmark."""
    command = [sys.executable, "-c", "from truerisk.cli import main; main()", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"truerisk {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
