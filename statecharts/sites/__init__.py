"""Sites: pictures of charts in the pages of documentation, by Sphinx and by MkDocs.

Both know the same directive, whose picture is drawn anew each time the site is built:

    .. statechart:: machines.pipeline:Pipeline
       :caption: How a story comes to be merged.
"""
