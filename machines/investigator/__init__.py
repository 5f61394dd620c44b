"""Investigator: the application that runs investigations."""
