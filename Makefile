.PHONY: setup demo browser test test-all baselines lint docs assets lock clean

BIN := .venv/bin

setup:
	@bash tools/setup.sh

demo: setup  ## train on the bundled problems, then generate ten 7A problems into out/demo
	$(BIN)/climbpath train --recipe fast --checkpoint-dir out/demo/checkpoints --log-dir out/demo/runs
	$(BIN)/climbpath generate --checkpoint out/demo/checkpoints/best.pt --grade 7A --num-samples 10 --visualize \
		--out out/demo --format png,json --force

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

browser:
	@bash tools/browser.sh

test: lint browser  ## lint, types and all tests but the slow ones
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 3 --dist worksteal -m "not slow"

test-all: lint browser
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 3 --dist worksteal

baselines: setup browser  ## renew the pictures that tests/browser compares the page with
	CLIMBPATH_RENEW_BASELINES=1 $(BIN)/pytest -n 2 tests/browser/test_looks.py -k looks_as

docs: setup  ## renew the command reference and build docs/ as a site, build/site; a broken link fails
	$(BIN)/python tools/command_reference.py
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -c docs -d build/doctrees . build/site

assets: setup  ## rebuild the bundled model, demo problems and model card from your data
	@test -n "$(DATA)" || { echo "name a folder of problem files: make assets DATA=folder" >&2; exit 2; }
	$(BIN)/python tools/build_assets.py $(DATA)

lock:  ## pin requirements.lock anew: no hashes, torch's own requirements left to pip
	@mkdir -p build
	cp requirements.lock build/requirements.lock
	uv pip compile pyproject.toml --extra train --extra web --extra dev --extra docs --universal --python-version 3.11 --no-header \
		--no-annotate --constraint tools/constraints.txt --quiet --output-file build/requirements.lock
	grep -vE '^(nvidia-|cuda-|triton)' build/requirements.lock > requirements.lock

clean:
	rm -rf .venv out build
