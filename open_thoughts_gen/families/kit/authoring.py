"""What nearly every scheme is written with, to be imported from one place."""

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import Form
from open_thoughts_gen.families.kit.formulas import Figures
from open_thoughts_gen.families.kit.genre import Facts, patched
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, InOrder, OnDay, OneOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.reckoning import Reckoning
from open_thoughts_gen.families.kit.scheme import Ask, Change, column, entry_of, nudged, replaced
from open_thoughts_gen.families.kit.telling import Narrative, NoResultError
from open_thoughts_gen.families.kit.work import Work

__all__ = (
    "Ask",
    "Change",
    "Facts",
    "Figures",
    "Flip",
    "Form",
    "HowMuch",
    "InOrder",
    "Narrative",
    "NoResultError",
    "OnDay",
    "OneOf",
    "Page",
    "ProblemCase",
    "Reckoning",
    "Work",
    "YesNo",
    "column",
    "entry_of",
    "nudged",
    "patched",
    "replaced",
)
