"""What holds for the repository as a whole: nothing of one machine or of the real publications in it, no overgrown module,
a base installation that stays light, and locks that fit the project file."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

LINES = 450
COPIED = 12  # words in a row that count as a copied sentence
LOCKS = ("requirements.lock", "requirements-dev.lock")
HEAVY = re.compile(r"torch\w*|tensorflow\w*|jax\w*|keras|transformers|sentence-transformers|onnxruntime-.+|nvidia-.+|triton")

# Written in pieces, so that this file passes its own test.
FOLDERS = "|".join(("wo" + "rk", "ro" + "ot", "tm" + "p", "ho" + "me", "Us" + "ers"))
MACHINE_PATH = re.compile(rf"(?<![\w.)*/>}}-])/(?:{FOLDERS})(?:/|\b)")
HOSTS = ("py" + "pi.org", "python" + "hosted", "npm" + "js.org", "deb" + "ian.org")
MAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
MAIL_ALLOWED = re.compile(r"(.+\.)?example(\.(org|com|net|be))?|.+\.(test|invalid)", re.IGNORECASE)


@cache
def repository_files(root: Path) -> tuple[Path, ...]:
    """Files that are in the repository or would be added to it; without git, everything but hidden folders."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout.decode("utf-8").split("\0")
        paths: Iterable[Path] = (root / name for name in listed if name)
    except (OSError, subprocess.CalledProcessError):
        paths = (path for path in root.rglob("*") if not any(part.startswith(".") for part in path.relative_to(root).parts[:-1]))
    return tuple(sorted(path for path in paths if path.is_file()))


def texts(root: Path, *, without: tuple[str, ...] = ()) -> dict[str, str]:
    """Relative path → content of every text file."""
    found: dict[str, str] = {}
    for path in repository_files(root):
        name, raw = path.relative_to(root).as_posix(), path.read_bytes()
        if name not in without and b"\0" not in raw:
            found[name] = raw.decode("utf-8", "replace")
    return found


def machine_traces(line: str) -> list[str]:
    """Paths of somebody's machine and hosts of package registries that a line names."""
    return MACHINE_PATH.findall(line) + [host for host in HOSTS if host in line]


def foreign_mail(line: str) -> list[str]:
    """E-mail addresses outside the domains that are set aside for examples."""
    return [found[0] for found in MAIL.finditer(line) if not MAIL_ALLOWED.fullmatch(found[1])]


def locked(lock: str) -> set[str]:
    """Names of the packages that a lock pins."""
    return set(re.findall(r"^([a-z0-9][a-z0-9-]*)==", lock, re.MULTILINE))


def required(requirements: list[str]) -> set[str]:
    """Normalised names in a list of requirements."""
    return {re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", line)[0]).lower() for line in requirements}


def test_no_file_names_a_machine_or_a_registry(repository: Path) -> None:
    broken = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts(repository).items()
        for number, line in enumerate(text.splitlines(), 1)
        if machine_traces(line)
    ]
    assert not broken, "\n".join(broken)


def test_no_file_holds_a_real_mail_address(repository: Path) -> None:
    broken = [
        f"{name}:{number}: {', '.join(foreign_mail(line))}"
        for name, text in texts(repository, without=LOCKS).items()
        for number, line in enumerate(text.splitlines(), 1)
        if foreign_mail(line)
    ]
    assert not broken, "use addresses of example.org:\n" + "\n".join(broken)


@pytest.mark.parametrize("folder", FOLDERS.split("|"))
def test_a_machine_path_is_found(folder: str) -> None:
    assert machine_traces(f"see /{folder}/project/file.txt")
    assert machine_traces(f'open("/{folder}")')
    assert not machine_traces(f"https://example.org/{folder}/file and net/{folder}/file and ../{folder}/x and /{folder}ing")


def test_mail_addresses_are_told_apart() -> None:
    invented = "someone@police" + ".belgium.eu"
    assert foreign_mail(f"write to {invented}, not to contact@example.org") == [invented]
    assert foreign_mail('@pytest.fixture "tekst"@nl a.b@mail.example contact@voorbeeld.example') == []


def test_no_module_is_overgrown(repository: Path) -> None:
    lengths = {name: len(text.splitlines()) for name, text in texts(repository).items() if name.endswith(".py")}
    assert lengths
    long = {name: count for name, count in lengths.items() if count > LINES}
    assert not long, f"over {LINES} lines, split by noun: {long}"


def test_the_base_installation_is_light(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    names = required(project["dependencies"]) | locked((repository / "requirements.lock").read_text("utf-8"))
    assert not [name for name in names if HEAVY.fullmatch(name)]


def test_the_locks_fit_the_project_file(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    base, dev = ((repository / name).read_text("utf-8") for name in LOCKS)
    assert required(project["dependencies"]) <= locked(base)
    assert required(project["optional-dependencies"]["dev"]) <= locked(dev)
    pins = re.compile(r"^[a-z0-9].*==.*$", re.MULTILINE)
    assert set(pins.findall(base)) <= set(pins.findall(dev)), "the two locks pin different versions: run make lock"


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash_and_no_lock_names_a_host(repository: Path, name: str) -> None:
    text = (repository / name).read_text("utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 30
    assert not [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry]
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash)", text, re.MULTILINE)


def word_runs(text: str) -> set[tuple[str, ...]]:
    """Every run of COPIED words, in lower case, with line-end hyphens mended.

    A number or the border of a table cell ends a run: the labels of a table are names, and names may be repeated. Identifiers
    (id/…) are made from names, and are no sentences.
    """
    runs: set[tuple[str, ...]] = set()
    text = re.sub(r"\bid/[\w/.-]+", "|", re.sub(r"-\s*\n\s*", "", text))
    for stretch in re.split(r"[\d\t|<>]+", text.lower()):
        words = re.findall(r"[^\W\d_]+", stretch)
        runs.update(zip(*(words[start:] for start in range(COPIED)), strict=False))
    return runs


def test_a_copied_sentence_is_found() -> None:
    sentence = "de gemeenten en de politiezones overleggen elke maand over de veiligheid in hun wij-\nken"
    assert word_runs(f"Voorheen: {sentence}.") & word_runs(f"# Titel\n\n{sentence.replace('gemeenten', 'Gemeenten')}!")
    assert not word_runs("\t".join(sentence.split()))
    assert not word_runs(" ".join(sentence.split()[: COPIED - 1]))


def test_no_sentence_of_the_real_publications_is_copied(repository: Path, real_corpus: Path) -> None:
    published = set[tuple[str, ...]]().union(*(word_runs(path.read_text("utf-8")) for path in real_corpus.glob("*.txt")))
    assert published
    copied = {name: sorted(" ".join(run) for run in word_runs(text) & published) for name, text in texts(repository).items()}
    broken = [f"{name}: {runs[0]} … ({len(runs)} runs)" for name, runs in copied.items() if runs]
    assert not broken, "write it in own words:\n" + "\n".join(broken)
