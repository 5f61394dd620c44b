"""Charts of one event in any size and shape, built by each contestant from a neutral outline."""
