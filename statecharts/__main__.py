"""``python -m statecharts``: the command line."""

from statecharts.cli import main

if __name__ == "__main__":
    main()
