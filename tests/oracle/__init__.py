"""A second opinion: the algorithm of the SCXML recommendation, slow and literal, and random charts.

The interpreter in `tests.oracle.appendix_d` is a transcription of Appendix D of the W3C
recommendation (https://www.w3.org/TR/scxml/#AlgorithmforSCXMLInterpretation). It shares nothing
with the kernel but the `Chart` that both read, so an agreement of the two says something.

``python -m tests.oracle --charts 10000 --events 25 --seed 1`` compares them on random charts.
"""
