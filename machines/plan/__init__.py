"""Plans: nodes that depend on each other, whose runs are recorded, resumed and replayed.

Here are the words, and the charts of a run and of a node; `machines.planner` carries them out.
"""
