"""The container file and the unit as far as they can be looked at without an engine: what they copy, run, and who they run as."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest

import gvpp
from kg.settings import READERS

KNOWN = {
    "FROM",
    "ARG",
    "WORKDIR",
    "COPY",
    "RUN",
    "ENV",
    "USER",
    "VOLUME",
    "EXPOSE",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
}


def instructions(repository: Path) -> list[tuple[str, str]]:
    """Name and argument of each instruction, with its lines joined."""
    text = (repository / "deploy" / "Containerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines()]


def last_stage(repository: Path) -> list[tuple[str, str]]:
    found = instructions(repository)
    start = max(place for place, (name, _) in enumerate(found) if name == "FROM")
    return found[start:]


def served_options() -> set[str]:
    return {name for parameter in gvpp.serve.params if isinstance(parameter, click.Option) for name in parameter.opts}


def test_every_instruction_is_one(repository: Path) -> None:
    found = instructions(repository)
    assert {name for name, _ in found} <= KNOWN and found[0][0] in ("ARG", "FROM")
    stages = [argument.split(" AS ")[1] for name, argument in found if name == "FROM" and " AS " in argument]
    assert all(source in stages for _, argument in found for source in re.findall(r"--from=(\S+)", argument))


def test_what_is_copied_is_there_and_is_not_ignored(repository: Path) -> None:
    ignored = (repository / ".dockerignore").read_text("utf-8").splitlines()
    kept = [line[1:] for line in ignored if line.startswith("!")]
    assert ignored[0] == "*"
    copied = [
        part
        for name, argument in instructions(repository)
        if name == "COPY" and "--from" not in argument
        for part in argument.split()[:-1]
    ]
    assert {"kg", "ingest", "search_api", "ontology", "corpus", "gvpp.py", "requirements.lock"} <= set(copied)
    for source in copied:
        assert (repository / source).exists(), source
        assert any(fnmatch(source, pattern) for pattern in kept), source


def test_it_runs_as_nobody_special_and_says_whether_it_is_well(repository: Path) -> None:
    found = last_stage(repository)
    users = [argument for name, argument in found if name == "USER"]
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", users[-1])  # a number: an orchestrator can see that it is not root
    names = [name for name, _ in found]
    assert not [name for name in names[names.index("USER") :] if name in ("RUN", "COPY")]  # what it runs is root's, not its own
    check = next(argument for name, argument in found if name == "HEALTHCHECK")
    assert "/healthz" in check and json.loads(check[check.index("CMD") + 3 :])[0] == "python"
    entry, command = (json.loads(next(argument for name, argument in found if name == each)) for each in ("ENTRYPOINT", "CMD"))
    assert (entry, command[0]) == (["gvpp"], "serve") and set(command[1:]) <= served_options()


def test_the_variables_are_those_of_the_product(repository: Path) -> None:
    given = {name for each, argument in last_stage(repository) if each == "ENV" for name in re.findall(r"(\w+)=", argument)}
    known = {f"GVPP_{name.upper()}" for name in READERS}
    known |= {str(option.envvar) for option in gvpp.serve.params if isinstance(option, click.Option) and option.envvar}
    assert {name for name in given if name.startswith("GVPP_")} <= known
    volumes = json.loads(next(argument for name, argument in last_stage(repository) if name == "VOLUME"))
    environment = next(argument for name, argument in last_stage(repository) if name == "ENV")
    assert all(f"={volume}" in environment for volume in volumes)  # whatever is written goes to a volume


def unit(repository: Path) -> configparser.RawConfigParser:
    found = configparser.RawConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read_string((repository / "deploy" / "gvpp.service").read_text("utf-8"))
    return found


def test_the_unit_runs_the_command_without_rights(repository: Path) -> None:
    service = unit(repository)["Service"]
    program, command, *options = service["ExecStart"].split()
    assert program.endswith("/gvpp") and command == "serve" and set(options) <= served_options()
    assert service["User"] == "gvpp" and service["NoNewPrivileges"] == "yes" and service["ProtectSystem"] == "strict"
    assert f"GVPP_DATA=/var/lib/{service['StateDirectory']}" in service["Environment"]


def test_the_unit_is_one_that_systemd_takes(repository: Path, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("LEFT OUT: systemd-analyze is not here")
    text = (repository / "deploy" / "gvpp.service").read_text("utf-8")
    file = tmp_path / "gvpp.service"
    file.write_text(text.replace("/opt/gvpp/bin/gvpp", sys.executable))  # it wants to see the program
    checked = subprocess.run([program, "verify", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and "gvpp.service" not in checked.stderr, checked.stderr
