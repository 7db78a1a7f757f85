"""Scheduling: what has to be done, by whom and by when; the least that is possible, and why nothing less is."""

from open_thoughts_gen.families.scheduling.family import Scheduling as Scheduling
