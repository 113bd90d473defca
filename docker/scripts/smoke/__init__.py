"""Round trips to the backends with nothing but Python's standard library."""
