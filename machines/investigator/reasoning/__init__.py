"""Reasoners: one that works by rules, one that asks a model."""

from machines.investigator.reasoning.openai import OpenAIReasoner
from machines.investigator.reasoning.replies import ReasonerError
from machines.investigator.reasoning.rule_based import RuleBasedReasoner

__all__ = ["OpenAIReasoner", "ReasonerError", "RuleBasedReasoner"]
