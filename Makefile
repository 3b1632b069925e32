.DEFAULT_GOAL := help
.PHONY: help demo test test-browser conformance chaos fuzz mutation security lint format drawings sandbox synth bootstrap deploy destroy release bench scale pins clean

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
BIN := .venv/bin
CDK := PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/cdk
export JSII_NODE := $(CURDIR)/$(BIN)/node
# In ~/.cache, the CDK's library refuses to work where the umask lets a group write.
export JSII_RUNTIME_PACKAGE_CACHE_ROOT := $(CURDIR)/.build/jsii
CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name) 2>/dev/null)))
CONTEXT ?=
SETTINGS = $(if $(CONFIG),-c "config=$(CONFIG)") $(CONTEXT)

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.installed node_modules/.installed ## Check 252,000 IDs on the local sandbox and show the answer [FILE= TYPE= GENERATION=]
	@$(BIN)/xcompliance demo $(if $(FILE),--file "$(FILE)") $(if $(TYPE),--type $(TYPE)) $(if $(GENERATION),--generation $(GENERATION))

test: .venv/.installed node_modules/.installed ## Run all tests
	@$(BIN)/python -m pytest --numprocesses auto --no-loadscope-reorder

test-browser: .build/browser/.installed ## Look at the report in a real browser [CHROMIUM=/usr/bin/chromium]
	@[ -x "$(CHROMIUM)" ] || { echo "Chromium is needed; none was found. Install it (apt-get install chromium," \
		"brew install chromium), or say where it is: make test-browser CHROMIUM=/path/to/chromium" >&2; exit 1; }
	@CHROMIUM="$(CHROMIUM)" PYTHONPATH=.build/browser/site $(BIN)/python -m pytest tests/browser

conformance: .venv/.installed ## Hold the simulator against other people's clients, and our clients against it [TOOLS=required]
	@$(BIN)/python -m tests.conformance $(if $(filter required,$(TOOLS)),--tools-required)

chaos: .venv/.installed ## Let faults rain on the machines in memory [SECONDS=600 SEED=1]
	@$(BIN)/python -m tests.chaos --seconds $(or $(SECONDS),600) --seed $(or $(SEED),1)

fuzz: .venv/.installed ## Hold all readers of files against a naive one, with random files [EXAMPLES=5000]
	@FUZZ_EXAMPLES=$(or $(EXAMPLES),5000) $(BIN)/python -m pytest tests/fuzz

mutation: .venv/.installed .build/mutation/.installed ## Break the core on purpose, and show what no test notices; takes an hour or more [SAMPLE=30]
	@$(BIN)/python -m tests.mutation .build/mutation/bin/cosmic-ray $(if $(SAMPLE),--sample $(SAMPLE))

security: .build/security/.installed node_modules/.installed ## Check templates, policies and packages for known faults [AUDIT=required]
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.security .build/security/bin $(if $(filter required,$(AUDIT)),--audit-required)

lint: .venv/.installed ## Check style and types
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

format: .venv/.installed ## Format the code
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

drawings: .venv/.installed ## Draw the machines into docs/machines.md as they are defined
	@$(BIN)/python -m tests.statemachine

sandbox: .venv/.installed node_modules/.installed ## Start the sandbox and keep it up until Ctrl-C
	@$(BIN)/xcompliance sandbox up

synth: .venv/.installed node_modules/.installed ## Write the CloudFormation templates to cdk.out [CONFIG=prod.yaml CONTEXT="-c key=value"]
	@$(CDK) synth --quiet $(SETTINGS)

bootstrap: .venv/.installed node_modules/.installed ## Prepare the AWS account of your credentials for the CDK, once [CONTEXT="--options of cdk bootstrap"]
	@$(BIN)/xcompliance preflight --account-only
	@$(CDK) bootstrap $(SETTINGS)

deploy: synth ## Deploy to the AWS account of your credentials, once all is right for it [CONFIG= CONTEXT= ACCEPT_LOSS=true YES=true]
	@$(BIN)/xcompliance preflight cdk.out $(if $(filter true,$(ACCEPT_LOSS)),--accept-loss)
	@$(CDK) deploy --all --app cdk.out --require-approval $(if $(filter true,$(YES)),never,any-change) $(SETTINGS)

destroy: .venv/.installed node_modules/.installed ## Tear the deployment down; data is kept unless it was deployed with keep_data=false [CONFIG= CONTEXT= YES=true]
	@$(BIN)/xcompliance preflight --account-only
	@$(CDK) destroy --all $(if $(filter true,$(YES)),--force) $(SETTINGS)

release: .venv/.installed ## Write down this version's stateful resources as those that later upgrades must keep
	@$(BIN)/python -m tests.infrastructure.released

bench: .venv/.installed .build/peers/.installed ## Measure beside what else one would use [BENCH=upload|preparation|results|results_index|polling|cost]
	@PYTHONPATH=.:functions $(BIN)/python -m benchmarks.$(or $(BENCH),upload)

scale: .venv/.installed node_modules/.installed ## Check one large file on the local sandbox, every figure of it [IDS=100_000_000 PART_SIZE_MB=128]
	@$(BIN)/python -m benchmarks.scale --ids $(or $(IDS),100_000_000) --part-size-mb $(or $(PART_SIZE_MB),128)

pins: .venv/.installed ## Compile requirements/*.in into pinned, hashed files
	@for name in dev functions data uv mutation benchmarks browser security; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
			$$(case $$name in dev | security) ;; *) echo --constraint requirements/dev.txt ;; esac) \
			--output-file requirements/$$name.txt requirements/$$name.in || exit 1; \
	done

clean: ## Remove everything that was installed or built
	rm -rf .venv node_modules .build .sandbox cdk.out .mypy_cache .ruff_cache .hypothesis

.venv/.installed: requirements/dev.txt requirements/uv.txt
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed, and none is on the PATH. README.md says" \
		"how to install it." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments." \
		"On Debian or Ubuntu, install python3-venv: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the Python packages into .venv ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements/dev.txt
	@site=$$($(BIN)/python -c 'import site; print(site.getsitepackages()[0])') && \
		printf '%s\n' "$(CURDIR)" "$(CURDIR)/functions" > "$$site/xcompliance.pth"
	@printf '#!/bin/sh\nexec "%s" -P -m xcompliance "$$@"\n' "$(CURDIR)/$(BIN)/python" > $(BIN)/xcompliance
	@chmod +x $(BIN)/xcompliance
	@touch $@

.build/mutation/.installed: requirements/mutation.txt .venv/.installed
	@$(PYTHON) -m venv --clear .build/mutation
	@$(BIN)/uv pip install --quiet --python .build/mutation/bin/python --no-deps --require-hashes -r requirements/mutation.txt
	@touch $@

.build/security/.installed: requirements/security.txt .venv/.installed
	@echo "Installing checkov, cfn-lint, parliament and pip-audit into .build/security ..."
	@$(PYTHON) -m venv --clear .build/security
	@$(BIN)/uv pip install --quiet --python .build/security/bin/python --no-deps --require-hashes -r requirements/security.txt
	@touch $@

.build/peers/.installed: requirements/benchmarks.txt .venv/.installed
	@echo "Installing what the benchmarks compare with into .build/peers ..."
	@$(PYTHON) -m venv --clear .build/peers
	@$(BIN)/uv pip install --quiet --python .build/peers/bin/python --no-deps --require-hashes -r requirements/benchmarks.txt
	@touch $@

.build/browser/.installed: requirements/browser.txt .venv/.installed
	@rm -rf .build/browser
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes --target .build/browser/site \
		-r requirements/browser.txt
	@touch $@

node_modules/.installed: package-lock.json .npmrc .venv/.installed
	@echo "Installing the CDK CLI and the checks of the machines into node_modules ..."
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --ignore-scripts --silent
	@touch $@
