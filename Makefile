# The logic is in tools/bootstrap.py, which also works without make (and on Windows).
PYTHON ?= python3
PORT ?=
BROWSER ?=
CONSTRAINTS ?=
VENV ?=
ARGS ?=

.DEFAULT_GOAL := help
JOBS := lab wheels test lint coverage mutants bench bench-hub notebooks site hub digits \
        readme pictures instructors links constraints audit release install clean
.PHONY: help $(JOBS)

# A word for the shell, whatever is in it: it's becomes 'it'\''s'.
quoted = '$(subst ','\'',$(1))'

# Only a PYTHON= that somebody typed is binding; the default may turn to another one.
asked := $(if $(filter file,$(origin PYTHON)),,--python $(call quoted,$(PYTHON)))

help:
	@echo "make lab          JupyterLab with the lessons (makes .venv at the first call)"
	@echo "make wheels       what make lab downloads, into the folder wheels, for machines without network"
	@echo "make test         every test, layer by layer"
	@echo "make lint         ruff and mypy alone"
	@echo "make coverage     which branches of kerasdemo the unit and widgets layers take"
	@echo "make mutants      how many faults put into the core modules the tests notice; ARGS=digits: in one"
	@echo "make bench        the budgets, measured here; ARGS=peers: predict and its peers alone"
	@echo "make bench-hub    how many students fit on this machine (Linux): before and after"
	@echo "make notebooks    run the lessons and store their outputs"
	@echo "make site         the lessons as web pages, in build/site; ARGS=--serve shows them"
	@echo "make hub          a JupyterHub with the lessons, to try out on this machine (Linux)"
	@echo "make digits       remake the embedded digits"
	@echo "make readme       put into README.md and docs/ what their commands print (minutes)"
	@echo "make pictures     take README.md's picture of the explorer, light and dark"
	@echo "make instructors  put into docs/instructors.md what the lessons say of themselves"
	@echo "make constraints  remake .ci/constraints.txt and .ci/constraints-oldest.txt"
	@echo "make audit        ask which of their versions have known vulnerabilities"
	@echo "make links        put into the docs the links to Binder and Colab"
	@echo "make release      build what PyPI gets and check it; publishes nothing (network)"
	@echo "make install      make .venv with everything, and stop there"
	@echo "make clean        remove what the others made, but for the folder wheels"
	@echo
	@echo "PYTHON=python3.12  PORT=8890  BROWSER=none  VENV=.venv  CONSTRAINTS=.ci/constraints.txt"
	@echo "ARGS='tests/unit -k digits'  goes on to the job"

$(JOBS):
	@command -v $(call quoted,$(PYTHON)) >/dev/null || { \
	  printf "There is no '%s' here. On Debian or Ubuntu: sudo apt install python3 python3-venv\n" \
	    $(call quoted,$(PYTHON)) >&2; exit 1; }
	@exec $(call quoted,$(PYTHON)) tools/bootstrap.py $@ $(asked) \
	  $(if $(VENV),--venv $(call quoted,$(VENV))) $(if $(PORT),--port $(call quoted,$(PORT))) \
	  $(if $(BROWSER),--browser $(call quoted,$(BROWSER))) \
	  $(if $(CONSTRAINTS),--constraints $(call quoted,$(CONSTRAINTS))) -- $(ARGS)
