"""Reasoners: one that works by rules, and needs no model; one that asks a model."""

from machines.investigation.reasoning.openai import OpenAIReasoner
from machines.investigation.reasoning.replies import ReasonerError
from machines.investigation.reasoning.rule_based import RuleBasedReasoner

__all__ = ["OpenAIReasoner", "ReasonerError", "RuleBasedReasoner"]
