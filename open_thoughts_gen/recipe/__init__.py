"""A recipe: one YAML file that says which dataset is made, and how."""

from open_thoughts_gen.recipe.load import load_recipe as load_recipe
from open_thoughts_gen.recipe.load import recipe_of as recipe_of
from open_thoughts_gen.recipe.model import ColumnType as ColumnType
from open_thoughts_gen.recipe.model import Original as Original
from open_thoughts_gen.recipe.model import Publish as Publish
from open_thoughts_gen.recipe.model import Recipe as Recipe
from open_thoughts_gen.recipe.model import Until as Until
from open_thoughts_gen.recipe.parts import Part as Part
from open_thoughts_gen.recipe.schema import json_schema as json_schema
