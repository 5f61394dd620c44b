"""Samples with planted mistakes: mypy and pyright report the marked lines, and no others.

They are never imported. A mistake stands on a line that ends with ``# mistake: what is wrong``.
"""
