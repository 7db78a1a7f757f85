"""Law: invented codes of invented states, cases that arise under them, and answers proved twice."""

from open_thoughts_gen.families.statutes.family import Statutes as Statutes
