"""Fixtures for all tests, and the list of what a run left out.

Nothing is left out in silence: a test that cannot run here skips with a reason that begins with `LEFT_OUT`, and the
end of the run prints each reason once, with the number of tests it concerns.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from corpus_help import Built, build_once
from extraction_help import Extractions, extracted_once
from judging_help import build_with_suggestions

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = "LEFT OUT: "
DESELECTED = pytest.StashKey[int]()


def find_real_corpus() -> Path | None:
    """Folder of the real publications: the one GVPP_REAL_CORPUS names, else ../shared/corpus beside the repository."""
    named = os.environ.get("GVPP_REAL_CORPUS")
    if named and not Path(named).is_dir():
        raise pytest.UsageError(f"GVPP_REAL_CORPUS is {named!r}, which is not a folder")
    folder = Path(named) if named else ROOT.parent / "shared" / "corpus"
    return folder.resolve() if folder.is_dir() else None


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def sample_corpus() -> Path:
    """Folder of the sample documents, written for this project and shipped with it."""
    folder = ROOT / "corpus" / "sample"
    assert any(folder.iterdir()), f"{folder} is empty: the sample documents belong to the repository"
    return folder


@pytest.fixture(scope="session")
def real_corpus() -> Path:
    """Folder of the real publications; a test that uses it gets the marker `real` and is left out where they are absent."""
    folder = find_real_corpus()
    if folder is None:
        pytest.skip(f"{LEFT_OUT}the real publications are not here (put them in ../shared/corpus or set GVPP_REAL_CORPUS)")
    return folder


@pytest.fixture(scope="session")
def sample_build(sample_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sample documents and their metadata, copied and built."""
    folder = tmp_path_factory.mktemp("sample")
    shutil.copytree(sample_corpus, folder / "corpus")
    return build_once(folder / "corpus", folder / "data")


@pytest.fixture(scope="session")
def suggested_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a small corpus and suggestions of links: look, or copy it."""
    return build_with_suggestions(tmp_path_factory.mktemp("suggested"))


@pytest.fixture(scope="session")
def real_build(real_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The real publications, built with the metadata that come with the product."""
    return build_once(real_corpus, tmp_path_factory.mktemp("real") / "data")


def _of_this_run(factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share."""
    return factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()


@pytest.fixture(scope="session")
def sample_extractions(sample_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Extractions:
    """What the sample documents yield, by document and language."""
    return extracted_once(sample_corpus, _of_this_run(tmp_path_factory))


@pytest.fixture(scope="session")
def real_extractions(real_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Extractions:
    """What the real publications yield, by document and language."""
    return extracted_once(real_corpus, _of_this_run(tmp_path_factory))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module: its event loop must not be there when other tests start theirs."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "these tests need Chromium: run `make browser`, or install the package chromium of the system"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def tmp_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder that GVPP_DATA names, with every other setting from the surroundings taken away."""
    for name in [name for name in os.environ if name.startswith("GVPP_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "data"
    monkeypatch.setenv("GVPP_DATA", str(folder))
    return folder


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "real_corpus" in getattr(item, "fixturenames", ()):
            item.add_marker("real")


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count the slow tests that -m took away; a worker of pytest-xdist hands its count to the main process."""
    slow = sum(item.get_closest_marker("slow") is not None for item in items)
    if slow:
        config = items[0].config
        config.stash[DESELECTED] = config.stash.get(DESELECTED, 0) + slow
        output: dict[str, Any] | None = getattr(config, "workeroutput", None)
        if output is not None:
            output["slow_deselected"] = config.stash[DESELECTED]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker collects, and leaves out, the same tests: one count stands for all."""
    count = getattr(node, "workeroutput", {}).get("slow_deselected", 0)
    node.config.stash[DESELECTED] = max(count, node.config.stash.get(DESELECTED, 0))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ").removeprefix(LEFT_OUT)] += 1
    slow = config.stash.get(DESELECTED, 0)
    if slow:
        reasons["tests marked slow (run them with: make test-slow)"] = slow
    if reasons:
        terminalreporter.section("left out of this run", sep="!", red=True, bold=True)
        for reason, count in sorted(reasons.items()):
            terminalreporter.write_line(f"{LEFT_OUT}{count} × {reason}", red=True, bold=True)
