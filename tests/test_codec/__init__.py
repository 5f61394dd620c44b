"""The versioned JSON protocol."""
