"""The tests: promises of the library, one file per concept."""
