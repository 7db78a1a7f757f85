"""The schemes of derivations: lines, rivals, marks and review over other families' cases; ground and proof of their own."""
