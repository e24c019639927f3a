# Each verb makes the two environments when they are missing, then calls `python -m allobot VERB`.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
ALLOBOT := .venv/bin/python -m allobot

.PHONY: help environments run train shell test check ask eval kb eligibility audit purge

help: ## List these verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: environments ## Start the bot on http://127.0.0.1:8080 (trains it first when needed)
	@$(ALLOBOT) run

train: environments ## Train the bot when what it learns from has changed (force=1 to train anyway)
	@$(ALLOBOT) train $(if $(force),--force)

shell: environments ## Talk to the bot in this terminal (date=2027-04-01 caf=52 to place the talk)
	@$(ALLOBOT) shell $(if $(date),--date "$$date") $(if $(caf),--caf "$$caf")

test: environments ## Run every test (only="web actions" for some of them)
	@$(ALLOBOT) test $(only)

eval: environments ## Measure how well the bot understands (trains it first when needed)
	@$(ALLOBOT) eval

kb: environments ## Check the answers (do="show asf", do="diff asf" to read them)
	@$(ALLOBOT) kb $(or $(do),check)

eligibility: environments ## Estimate a right from facts (rule=asf json='{"vit_seul": true}' date=2025-10-06 text=1)
	@$(ALLOBOT) eligibility "$$rule" $(if $(json),--json "$$json") $(if $(date),--date "$$date") \
	  $(if $(text),--text)

purge: environments ## Erase the conversations that are too old (days=7 instead of ALLOBOT_RETENTION_DAYS)
	@$(ALLOBOT) purge $(if $(days),--days "$$days")

check: environments ## Check style, types, training data and data files
	@$(ALLOBOT) check

audit: environments ## List known advisories on what is installed, and our answers (service=https://… for a mirror)
	@$(ALLOBOT) audit $(if $(service),--service "$$service")

ask: environments ## Ask the running bot one question (Q="Comment prendre rendez-vous ?")
	@$(ALLOBOT) ask "$$Q"

# A variable typed after the verb reaches the recipe through the environment, so that quotes,
# apostrophes and spaces in it are safe.
export Q date caf rule json days service

environments:
	@scripts/bootstrap
