"""Semantics: what a chart means, as the algorithm of SCXML (Appendix D) has it."""
