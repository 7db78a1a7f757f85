"""Saved traces, judged again: by the verifiers of another recipe, or as rewards of two sets of rows compared."""
