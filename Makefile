.PHONY: setup lint test test-all demo docs baselines assets lock clean

PYTHON ?= python3
BIN := .venv/bin

setup:  ## make .venv from requirements.lock
	@$(PYTHON) tools/dev.py setup

lint:  ## style and types
	@$(PYTHON) tools/dev.py lint

test:  ## lint and all tests but the slow ones
	@$(PYTHON) tools/dev.py test

test-all:  ## the slow tests, too
	@$(PYTHON) tools/dev.py test --all

demo:  ## train on the bundled problems, then generate ten 7A problems into out/demo
	@$(PYTHON) tools/dev.py demo

docs:  ## renew the command reference and build docs/ as a site, build/site; a broken link fails
	@$(PYTHON) tools/dev.py docs

baselines:  ## renew the pictures that tests/browser compares the page with
	@$(PYTHON) tools/dev.py baselines

assets: setup  ## make the bundled models, graders, beta, demo problems and model card from your data, stage by stage
	@test -n "$(DATA)" || { echo "name a folder of problem files: make assets DATA=folder" >&2; exit 2; }
	$(BIN)/python tools/build_assets.py $(DATA) $(STAGES)

lock:  ## pin requirements.lock anew, with hashes; torch is pinned in tools/torch.txt
	@mkdir -p build
	cp requirements.lock build/requirements.lock
	uv pip compile pyproject.toml --extra train --extra web --extra postgres --extra metrics --extra cluster --extra lights --extra docs \
		--group dev --universal --python-version 3.11 --no-header \
		--no-annotate --generate-hashes --constraint tools/torch.txt --quiet --output-file build/requirements.lock
	awk '/^[a-z]/ {keep = !/^(torch|triton|nvidia-|cuda-)/} keep' build/requirements.lock > requirements.lock
	uv pip compile pyproject.toml --extra web --extra postgres --extra metrics --universal --python-version 3.11 --no-header \
		--no-annotate --generate-hashes --constraint requirements.lock --quiet --output-file deploy/requirements.lock

clean:
	rm -rf .venv node_modules out build
