"""The six-event cycle of a delivery pipeline, written once for each contestant."""
