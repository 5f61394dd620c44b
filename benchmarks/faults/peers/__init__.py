"""Other libraries, in the situations in which they fail."""
