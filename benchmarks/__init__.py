"""Side-by-side measurements of statecharts, hand-written code and other libraries.

Run them with ``python -m benchmarks``. Nothing here is imported by the library, and no test
depends on a time measured here.
"""
