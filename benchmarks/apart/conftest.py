"""The peers are in environments of their own, so their modules cannot be collected here."""

collect_ignore = ["determa_peer.py", "harel_peer.py"]
