# Every target installs what it needs first, and does no work twice.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help host host-aarch64 cloud-host image publish cloud openstack openstack-down unit test test-all test-cloud lint format bench bench-catalogue bench-command bench-fleet bench-proof bench-publish golden lock wheel clean

PROFILE ?= pinned-scsi
OUTPUT ?= dist
# Debian builds python3-guestfs for its own interpreter only.
PYTHON ?= /usr/bin/python3
VENV := .venv
JOBS ?= $(shell nproc)
# The servers that publishing is tested against; they share no dependency with this program.
OPENSTACK := .cache/openstack
# An ordinary user's rights suffice where a user namespace can be made, and /dev/kvm opened if there is one.
OWN_RIGHTS = { [ ! -e /dev/kvm ] || [ -w /dev/kvm ]; } && unshare --user --map-root-user --map-auto true 2> /dev/null
SUDO = $(if $(filter 0,$(shell id -u)),,sudo --preserve-env=$(PASSED_ON))
PASSED_ON := http_proxy,https_proxy,no_proxy,DIB_DISTRIBUTION_MIRROR,DIB_DEBIAN_SECURITY_MIRROR,DIB_SNAPSHOT_MIRROR_ARCHIVE,DIB_SNAPSHOT_MIRROR_SECURITY,DIB_DEBUG_TRACE,SOURCE_DATE_EPOCH,GUEST_IMAGE_CACHE,GUEST_IMAGE_DEBUG,GUEST_IMAGE_LOG_FORMAT,GUEST_IMAGE_SIGNING_KEY,GUEST_IMAGE_SIGNING_PASSPHRASE,GUEST_IMAGE_MINISIGN_KEY,GUEST_IMAGE_MINISIGN_PASSPHRASE,XDG_CACHE_HOME,CI

# What tests write as root must not be in the way of linters and tests that run without.
ROOTS := .cache/root
ROOTS_CACHES := PYTHONDONTWRITEBYTECODE=1 MYPY_CACHE_DIR=$(ROOTS)/mypy RUFF_CACHE_DIR=$(ROOTS)/ruff HYPOTHESIS_STORAGE_DIRECTORY=$(ROOTS)/hypothesis

# What a build runs, what a proof runs, and what the tests run besides.
HOST_PACKAGES := $(shell sed -nE '/-aarch64 /d; s/^([a-z][^ ]*).*/\1/p' builder/host/debian_packages.txt)
# What images of another architecture need besides.
AARCH64_PACKAGES := $(shell sed -nE 's/^([a-z][^ ]*) .*-aarch64.*/\1/p' builder/host/debian_packages.txt)
BINFMT_MISC := /proc/sys/fs/binfmt_misc

# What a whole OpenStack stands on.
CLOUD_PACKAGES := \
	mariadb-server-core mariadb-client-core rabbitmq-server openvswitch-switch \
	libvirt-daemon-system libvirt-clients python3-libvirt \
	ceph-mon ceph-osd ceph-common python3-rados python3-rbd qemu-block-extra

help: ## List the targets
	@echo 'usage: make TARGET [PROFILE=$(PROFILE)] [OUTPUT=$(OUTPUT)] [CLOUD=NAME] [TESTS=tests/…]'
	@echo
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

# Those of the packages that are not there, without starting their services.
define install_packages
	@installed=$$(dpkg-query --show --showformat='$${db:Status-Status}=$${Package}\n' $(1) 2> /dev/null || true); \
	missing=; \
	for package in $(1); do \
	    grep -qx "installed=$$package" <<< "$$installed" || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	    echo "installing:$$missing"; \
	    $(SUDO) apt-get update -qq; \
	    $(SUDO) tests/openstack/without-services env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing > /dev/null; \
	fi
endef

host: ## Install the Debian packages that builds, proofs and tests need
	$(call install_packages,$(HOST_PACKAGES))
	@apt-get indextargets --format '$$(RELEASE)' 'Created-By: Packages' | grep -q -- -security || \
	    echo "note: this host's apt sources name no security mirror; a build asks diskimage-builder's default one," \
	         "unless the profile (mirrors.security) or DIB_DEBIAN_SECURITY_MIRROR names another"

# The kernel forgets what runs foreign programs whenever the machine starts; systemd tells it again where it runs.
host-aarch64: host ## Install what builds and boots arm64 images here, and have the kernel run their programs
	$(call install_packages,$(AARCH64_PACKAGES))
	@grep -qs enabled $(BINFMT_MISC)/qemu-aarch64 || $(SUDO) sh -c \
	    '{ [ -e $(BINFMT_MISC)/status ] || mount -t binfmt_misc binfmt_misc $(BINFMT_MISC); } && /usr/lib/systemd/systemd-binfmt qemu-aarch64.conf'

# What a whole OpenStack needs besides.
cloud-host: host
	$(call install_packages,$(CLOUD_PACKAGES))

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml requirements.txt | $(VENV)/bin/python
	$(VENV)/bin/pip install --quiet --require-hashes --requirement requirements.txt
	$(VENV)/bin/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(VENV)/bin/pip install --quiet --require-hashes --requirement requirements-dev.txt
	@touch $@

# What builds packages that come as sources only is pinned, too, and nothing else is fetched for it.
SERVERS := tests/openstack/requirements
install_servers = $(PYTHON) -m venv --clear $(1) && \
	$(1)/bin/pip install --quiet --require-hashes --requirement $(SERVERS)-build.txt && \
	$(1)/bin/pip install --quiet --require-hashes --no-build-isolation $(3) --requirement $(2)

$(OPENSTACK)/installed: $(SERVERS).txt $(SERVERS)-build.txt | $(VENV)/bin/python
	@echo 'installing Keystone, Glance and Barbican below $(OPENSTACK)'
	$(call install_servers,$(OPENSTACK)/venv,$<)
	@touch $@

$(OPENSTACK)/installed-nova: $(SERVERS)-nova.txt $(SERVERS)-build.txt | $(VENV)/bin/python
	@echo 'installing Nova below $(OPENSTACK)'
	$(call install_servers,$(OPENSTACK)/nova,$<)
	@touch $@

$(OPENSTACK)/installed-swift: $(SERVERS)-swift.txt $(SERVERS)-build.txt | $(VENV)/bin/python
	@echo 'installing Swift below $(OPENSTACK)'
	$(call install_servers,$(OPENSTACK)/swift,$<)
	@touch $@

# Without what Zuul's servers need besides: its parser loads a fifth of it.
$(OPENSTACK)/installed-zuul: $(SERVERS)-zuul.txt $(SERVERS)-build.txt | $(VENV)/bin/python
	@echo 'installing the parser of Zuul below $(OPENSTACK)'
	$(call install_servers,$(OPENSTACK)/zuul,$<,--no-deps)
	@touch $@

# The bindings to libvirt and to Ceph are Debian's, of the same version as the libraries: their files are linked.
$(OPENSTACK)/all-in-one/installed: $(SERVERS)-all-in-one.txt $(SERVERS)-build.txt | cloud-host $(VENV)/bin/python
	@echo 'installing a whole OpenStack below $(OPENSTACK)/all-in-one'
	$(call install_servers,$(OPENSTACK)/all-in-one/venv,$<)
	ln -s $(addprefix /usr/lib/python3/dist-packages/,libvirt*.py libvirtmod*.so rados*.so rbd*.so) $(OPENSTACK)/all-in-one/venv/lib/python3*/site-packages/
	@touch $@

image: host $(VENV)/installed ## Build, inspect and boot PROFILE's image, and print the verdict; FRESH=1 builds it anyway
	@$(OWN_RIGHTS) && sudo= || sudo="$(SUDO)"; set -x; \
	$$sudo $(VENV)/bin/guest-image image $(PROFILE) --output $(OUTPUT)$(if $(FRESH), --fresh)

publish: host $(VENV)/installed ## Publish PROFILE's latest build to CLOUD of clouds.yaml
	$(VENV)/bin/guest-image publish $(PROFILE) $(addprefix --cloud ,$(CLOUD)) --output $(OUTPUT)

unit: $(VENV)/installed-dev ## Run the unit tests: no root, no Debian package but python3-venv, under a minute
	$(VENV)/bin/pytest --numprocesses=$$(($(JOBS) + 1)) tests/unit # one more than cores: some wait

test test-all: $(OPENSTACK)/installed-swift $(OPENSTACK)/installed-zuul

# In the files' order: those that boot come first, for they take longest and the rest fills the gaps.
PYTEST = $(SUDO) env PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(ROOTS_CACHES) $(VENV)/bin/pytest -o cache_dir=$(ROOTS)/pytest --numprocesses=$(JOBS) --dist=loadfile --no-loadscope-reorder
# A file, a test in one (FILE::NAME), a folder, or a folder of tests/ by its name alone.
TESTS ?=
CHOSEN = $(foreach test,$(TESTS),$(or $(wildcard tests/$(test)),$(test)))
test test-all: HOST_PACKAGES += gpg minisign openssh-server chromium chromium-driver poppler-utils rpm createrepo-c gcc libc6-dev
test: host $(VENV)/installed-dev $(OPENSTACK)/installed $(OPENSTACK)/installed-nova ## Run the tests (as root), or TESTS=FOLDER, FILE or FILE::NAME alone: units, real builds and boots
	$(PYTEST) $(or $(CHOSEN),-m 'not whole and not cloud')

test-all: host-aarch64 $(VENV)/installed-dev $(OPENSTACK)/installed $(OPENSTACK)/installed-nova ## Run those too that others stand for in "make test": for an hour or two
	$(PYTEST) -m 'not cloud'

cloud: host $(VENV)/installed $(OPENSTACK)/installed ## Run a Keystone and a Glance to try publishing with; Ctrl-C ends them
	@$(VENV)/bin/python tests/openstack/serve.py

openstack: cloud-host $(VENV)/installed $(OPENSTACK)/all-in-one/installed ## Bring up a whole OpenStack on this machine (as root)
	@$(SUDO) $(VENV)/bin/python tests/openstack/deploy.py up

openstack-down: $(VENV)/installed ## End that OpenStack and remove it; KEEP=1 keeps its databases and images
	@$(SUDO) $(VENV)/bin/python tests/openstack/deploy.py down $(if $(KEEP),--keep)

test-cloud: cloud-host $(VENV)/installed-dev $(OPENSTACK)/all-in-one/installed ## Run the tests that need a whole OpenStack (as root)
	$(SUDO) env PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(ROOTS_CACHES) $(VENV)/bin/pytest -o cache_dir=$(ROOTS)/pytest $(or $(CHOSEN),tests/cloud)

lint: host $(VENV)/installed-dev ## Run ruff, mypy, import-linter and shellcheck
	$(VENV)/bin/pre-commit run --all-files

format: $(VENV)/installed-dev ## Format the Python code
	$(VENV)/bin/ruff check --fix --quiet .
	$(VENV)/bin/ruff format .

# The scheduled builds of this repository itself.
CI_RENDER := ci render --for github --on container pinned-scsi debian-13-pinned-scsi

golden: $(VENV)/installed-dev ## Write the golden files, the profile schema and the scheduled builds anew
	$(VENV)/bin/guest-image schema > profiles/profile.schema.json
	$(VENV)/bin/guest-image fleet schema > profiles/images.schema.json
	$(VENV)/bin/guest-image $(CI_RENDER)
	$(VENV)/bin/pytest -q --regenerate tests/unit

bench: host $(VENV)/installed ## Time builds against a plain disk-image-create and each other, and print the ratios
	$(SUDO) env PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/python tests/bench/build.py

bench-command: $(VENV)/installed ## Time the command itself: its help, a plan
	$(VENV)/bin/python tests/bench/command.py

bench-catalogue: $(VENV)/installed-dev ## Time a catalogue of 500 builds, and hold it against its bound
	$(VENV)/bin/python tests/bench/catalogue.py

bench-proof: host $(VENV)/installed ## Measure the CPU seconds of each QEMU of a proof of PROFILE's latest build
	$(SUDO) env PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/python tests/bench/proof.py $(PROFILE)

bench-publish: host $(VENV)/installed $(OPENSTACK)/installed ## Time publishing against glance image-create, and print the ratio
	$(VENV)/bin/python tests/bench/publish.py

bench-fleet: host $(VENV)/installed-dev ## Measure a fleet on this machine for docs/scale.md (as root, 15 minutes)
	$(SUDO) env PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/python tests/bench/fleet.py

COMPILE = $(VENV)/bin/uv pip compile --quiet --no-config --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command 'make lock'
lock: $(VENV)/installed-dev ## Pin today's newest versions within the bounds that are asked for, with their hashes
	$(COMPILE) --group install --extra fleet pyproject.toml --output-file requirements-fleet.txt
	$(COMPILE) --group install pyproject.toml --constraint requirements-fleet.txt --output-file requirements.txt
	$(COMPILE) --group install --group dev --extra fleet --extra dashboard pyproject.toml --constraint requirements-fleet.txt --output-file requirements-dev.txt
	$(COMPILE) $(SERVERS)-all-in-one.in --output-file $(SERVERS)-all-in-one.txt
	$(COMPILE) --no-deps $(SERVERS)-zuul.in --output-file $(SERVERS)-zuul.txt
	for servers in $(SERVERS) $(SERVERS)-nova $(SERVERS)-swift $(SERVERS)-build; do \
	    $(COMPILE) $$servers.in --constraint $(SERVERS)-all-in-one.txt --output-file $$servers.txt; \
	done

wheel: $(VENV)/installed ## Build the wheel into build/
	$(VENV)/bin/pip wheel --quiet --no-deps --wheel-dir build .

clean: ## Remove builds, caches and the virtual environment
	[ ! -d $(OPENSTACK)/all-in-one/cloud ] || $(MAKE) openstack-down
	$(SUDO) rm -rf $(VENV) $(OUTPUT) build .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
