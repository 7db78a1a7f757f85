"""Counterfactuals: a small world runs by printed rules, one fact is changed, and the world is run again."""

from open_thoughts_gen.families.counterfactual.family import Counterfactual as Counterfactual
