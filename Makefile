# Each verb makes the two environments when they are missing, then calls `python -m allobot VERB`.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
ALLOBOT := .venv/bin/python -m allobot

.PHONY: help environments run train renew shell test check ask eval kb eligibility audit purge rdv corrections users logs bench

help: ## List these verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: environments ## Start the bot on http://127.0.0.1:8080, trained when needed (REPLICAS=2: two Rasas)
	@$(if $(REPLICAS),ALLOBOT_REPLICAS="$$REPLICAS") $(ALLOBOT) run

train: environments ## Train the bot when what it learns from has changed (force=1 to train anyway)
	@$(ALLOBOT) train $(if $(force),--force)

renew: environments ## Have the running bot answer with the trained model, without a stop
	@$(ALLOBOT) renew

shell: environments ## Talk to the bot in this terminal (date=2027-04-01 caf=52 to place the talk, explain=1)
	@$(ALLOBOT) shell $(if $(date),--date "$$date") $(if $(caf),--caf "$$caf") $(if $(explain),--explain)

test: environments ## Run every test (only="web actions" for some of them)
	@$(ALLOBOT) test $(only)

eval: environments ## Measure how well the bot understands (trains it first when needed)
	@$(ALLOBOT) eval

kb: environments ## Check the answers (do="show asf", do="diff asf" to read them)
	@$(ALLOBOT) kb $(or $(do),check)

corrections: environments ## The analysts' corrections (do="export --to var", do="export --apply", do="story ID")
	@$(ALLOBOT) corrections $(or $(do),list)

eligibility: environments ## Estimate a right from facts (rule=asf json='{"vit_seul": true}' date=2025-10-06 text=1)
	@$(ALLOBOT) eligibility "$$rule" $(if $(json),--json "$$json") $(if $(date),--date "$$date") \
	  $(if $(text),--text)

purge: environments ## Erase the conversations that are too old (days=7 instead of ALLOBOT_RETENTION_DAYS)
	@$(ALLOBOT) purge $(if $(days),--days "$$days")

logs: environments ## Read the conversations into the log again (do="demo --turns 1000", do=bench)
	@$(ALLOBOT) logs $(or $(do),rebuild)

rdv: environments ## See and manage the appointments (do="liste --jour 2026-11-26"; do=--help for the verbs)
	@$(ALLOBOT) rdv $(or $(do),liste)

users: environments ## Say who may enter the console (do="add lea --role analyste --generate"; do=--help for the verbs)
	@$(ALLOBOT) users $(or $(do),list)

check: environments ## Check style, types, training data and data files
	@$(ALLOBOT) check

audit: environments ## List known advisories on what is installed, and our answers (service=https://… for a mirror)
	@$(ALLOBOT) audit $(if $(service),--service "$$service")

bench: environments ## Measure how fast the bot is, beside stock Rasa (quick=1 without it; soak=30 for 30 minutes)
	@$(ALLOBOT) bench $(if $(quick),--quick) $(if $(epochs),--epochs "$$epochs") $(if $(soak),--soak "$$soak")

ask: environments ## Ask the running bot one question (Q="Comment prendre rendez-vous ?")
	@$(ALLOBOT) ask "$$Q"

# A variable typed after the verb reaches the recipe through the environment, so that quotes,
# apostrophes and spaces in it are safe.
export Q date caf rule json days service epochs soak REPLICAS

environments:
	@scripts/bootstrap
