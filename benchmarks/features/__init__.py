"""Single features, each a turn of a few events, written once for each contestant that has them."""
