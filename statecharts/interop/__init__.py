"""Charts from other formats, and to them: each format is a door of its own, imported when used.

``python_statemachine`` (its classes, its YAML and its JSON), ``scxml``, ``xstate`` and ``swarm``
read charts; ``python_statemachine``, ``scxml``, ``xstate`` and ``python`` write them. Every reader
returns a `Chart`, or refuses a file with file, line and element; a writer reports what it loses.

    from statecharts.interop import scxml
    chart = scxml.load("microwave.scxml")
"""
