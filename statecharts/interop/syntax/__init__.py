"""Syntax: JSON, YAML, TOML and XML as values that know their lines."""
