"""Model: what a chart says, as immutable values."""
