"""`python -m allobot VERB`."""

from allobot.cli import main

if __name__ == "__main__":
    main()
