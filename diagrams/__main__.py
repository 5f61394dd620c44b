"""Render the stale pictures of the gallery: ``python -m diagrams``."""

import sys

from diagrams import main

sys.exit(main(sys.argv[1:]))
