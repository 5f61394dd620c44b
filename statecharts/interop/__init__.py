"""Charts from elsewhere, and to elsewhere: each format is a door of its own, opened when used.

``python_statemachine`` (its classes, its YAML and its JSON), ``scxml``, ``xstate`` and ``swarm``
read charts; ``python_statemachine``, ``scxml``, ``xstate`` and ``python`` write them. Every reader
gives a plain `Chart`; whatever it cannot take in is refused with file, line and element, and
whatever a writer cannot say is reported.

    from statecharts.interop import scxml
    chart = scxml.load("microwave.scxml")
"""
