"""`python -m statecharts.cli`: the command line without its script."""

from __future__ import annotations

from statecharts.cli import main

main(prog_name="statecharts")
