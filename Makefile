# make run        build the sample corpus, ask the main question in Dutch and in French, search, and serve until Ctrl-C (SERVE=no: not)
# make test       lint, format check, types, tests (without those marked slow)
# make browser    find Chromium for the tests of the pages; as root on Debian and Ubuntu, install it
# make words      bring new texts of the pages into the catalogues, to be translated
# make test-slow  the tests that `make test` leaves out
# make format     let ruff mend style and layout
# make lock       resolve the dependencies again (needs uv on the path)
# make clean      remove the environment and the caches; `make clean-data` removes .gvpp, the data folder, too

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
SERVE ?= auto
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet

export PYTHONUTF8 := 1

.PHONY: help run test test-slow browser words format lock clean clean-data

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

# The environment: made when it is not there or when the Python behind it is gone, never just because a file is newer.
$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "ERROR: '$(PYTHON)' was not found. Install Python 3.11 or newer, or name it: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "ERROR: $(PYTHON) is $$($(PYTHON) --version 2>&1), but gvpp needs Python 3.11 or newer." >&2; \
		echo "       Install one, or name another that you have: make run PYTHON=python3.12" >&2; exit 1; }
	@echo "== environment: $$($(PYTHON) --version) in $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
		echo "ERROR: '$(PYTHON) -m venv' failed. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

$(RUN_STAMP): requirements.lock pyproject.toml | $(BIN)/python
	@echo "== installing what requirements.lock pins (the first time takes a few minutes)"
	@$(PIP) --require-hashes -r requirements.lock || { echo "ERROR: the installation failed; see pip's own message above." >&2; exit 1; }
	@$(PIP) --no-deps -e .
	@touch $@

$(DEV_STAMP): requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "== installing what requirements-dev.lock pins (the first time takes a few minutes)"
	@$(PIP) --require-hashes -r requirements-dev.lock || { echo "ERROR: the installation failed; see pip's own message above." >&2; exit 1; }
	@$(PIP) --no-deps -e .
	@touch $@

run: export GVPP_DATA := .gvpp
run: $(RUN_STAMP)
	@echo "== gvpp build --corpus corpus/sample"
	@$(BIN)/gvpp build --corpus corpus/sample
	@printf '\n== gvpp ask "%s"\n' "Welke initiatieven voeren maatregel 2.3 uit?"
	@$(BIN)/gvpp ask "Welke initiatieven voeren maatregel 2.3 uit?"
	@printf '\n== gvpp ask "%s"\n' "Quelles initiatives mettent en œuvre la mesure 2.3 ?"
	@$(BIN)/gvpp ask "Quelles initiatives mettent en œuvre la mesure 2.3 ?"
	@printf '\n== gvpp search "%s"\n' "vol de vélos"
	@$(BIN)/gvpp search "vol de vélos" --limit 3
	@printf '\n== gvpp serve\n'
	@if [ "$(SERVE)" = yes ] || { [ "$(SERVE)" = auto ] && [ -t 0 ] && [ -z "$${CI:-}" ]; }; then \
		echo "serving at http://127.0.0.1:$${GVPP_PORT:-8000} until Ctrl-C; 'make run SERVE=no' leaves this out"; \
		$(BIN)/gvpp serve 2>.gvpp/serve.log || { code=$$?; tail -n 3 .gvpp/serve.log >&2; exit $$code; }; \
	else \
		echo "not served: this is no terminal, or SERVE=no. 'make run SERVE=yes' serves at http://127.0.0.1:$${GVPP_PORT:-8000} until Ctrl-C"; \
	fi

# What is left out (slow tests, tests that need the real publications) is named by tests/conftest.py at the end.
test: $(DEV_STAMP) browser
	@echo "== ruff check" && $(BIN)/ruff check .
	@echo "== ruff format --check" && $(BIN)/ruff format --check .
	@echo "== mypy" && $(BIN)/mypy
	@echo "== pytest" && $(BIN)/pytest -n $(JOBS) -m "not slow"

test-slow: $(DEV_STAMP) browser
	@echo "== pytest, slow tests" && $(BIN)/pytest -n $(JOBS) -m slow || { code=$$?; [ $$code -eq 5 ] && echo "no test is marked slow"; }

# The pages are tested in the Chromium of the system; nothing is fetched where there is one.
browser:
	@if command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "== installing Chromium for the tests of the pages"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	else \
		echo "ERROR: the tests of the pages need Chromium. On Debian and Ubuntu: sudo apt install chromium" >&2; exit 1; \
	fi

WORDS := search_api/locale
words: $(DEV_STAMP)
	@$(BIN)/pybabel -q extract -F $(WORDS)/babel.cfg -k N_ -k say --omit-header --sort-output --add-location=file -w 1000 \
		-o $(VENV)/words.pot search_api
	@for lang in nl fr; do $(BIN)/pybabel -q update -i $(VENV)/words.pot -o $(WORDS)/$$lang/LC_MESSAGES/messages.po -l $$lang \
		--ignore-obsolete --no-fuzzy-matching --omit-header -w 1000; done

format: $(DEV_STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock:
	@command -v uv >/dev/null 2>&1 || { echo "ERROR: make lock needs uv on the path (pip install uv)." >&2; exit 1; }
	$(LOCK) -o requirements.lock
	$(LOCK) --extra dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

clean-data: clean
	rm -rf .gvpp
