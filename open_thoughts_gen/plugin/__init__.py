"""The five kinds of plug-in, and how a recipe's names become plug-ins."""

from open_thoughts_gen.plugin.blind import Solution as Solution
from open_thoughts_gen.plugin.blind import UnreadablePuzzleError as UnreadablePuzzleError
from open_thoughts_gen.plugin.contracts import PACKAGE as PACKAGE
from open_thoughts_gen.plugin.contracts import Context as Context
from open_thoughts_gen.plugin.contracts import Family as Family
from open_thoughts_gen.plugin.contracts import Filter as Filter
from open_thoughts_gen.plugin.contracts import Plugin as Plugin
from open_thoughts_gen.plugin.contracts import Problem as Problem
from open_thoughts_gen.plugin.contracts import RecipeView as RecipeView
from open_thoughts_gen.plugin.contracts import Source as Source
from open_thoughts_gen.plugin.contracts import Teacher as Teacher
from open_thoughts_gen.plugin.contracts import Verifier as Verifier
from open_thoughts_gen.plugin.loading import BASES as BASES
from open_thoughts_gen.plugin.loading import FOLDERS as FOLDERS
from open_thoughts_gen.plugin.loading import Kind as Kind
from open_thoughts_gen.plugin.loading import family_of as family_of
from open_thoughts_gen.plugin.loading import load as load
from open_thoughts_gen.plugin.loading import load_family as load_family
from open_thoughts_gen.plugin.loading import look_in as look_in
from open_thoughts_gen.plugin.loading import looked_in as looked_in
from open_thoughts_gen.plugin.loading import names as names
from open_thoughts_gen.plugin.loading import problem_of as problem_of
