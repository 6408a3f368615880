"""Time and memory of a build and of a question, each in a process of its own, as a user meets them.

    python bench/spine.py [--corpus DIR] [--runs N]

Prints the minimum, median and maximum of wall-clock seconds, and the peak resident memory of the whole process tree's
largest process (what `ru_maxrss` gives for children).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUESTION = "Welke initiatieven voeren maatregel 2.3 uit?"


def run(arguments: list[str], data: Path) -> tuple[float, float]:
    """Seconds and peak MiB of one command of the product."""
    program = "import resource,subprocess,sys; code=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL).returncode; "
    program += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, sys.executable, str(ROOT / "gvpp.py"), *arguments],
        env={**os.environ, "GVPP_DATA": str(data)},
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - start, int(done.stdout) / 1024


def show(name: str, figures: list[tuple[float, float]]) -> None:
    seconds = [second for second, _ in figures]
    memory = max(mib for _, mib in figures)
    print(f"{name:28} {min(seconds):6.2f} {statistics.median(seconds):6.2f} {max(seconds):6.2f} s   {memory:6.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared" / "corpus")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    print(f"{'':28} {'min':>6} {'median':>6} {'max':>6}     {'peak':>6}")
    builds, agains, asks = [], [], []
    for _ in range(args.runs):
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "data"
            builds.append(run(["build", "--corpus", str(args.corpus)], data))
            agains.append(run(["build"], data))
            asks += [run(["ask", QUESTION], data) for _ in range(3)]
    show("build from text", builds)
    show("build, nothing changed", agains)
    show("ask, cold", asks)


if __name__ == "__main__":
    main()
