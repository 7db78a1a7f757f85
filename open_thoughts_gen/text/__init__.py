"""Text as the plug-ins share it: normal forms, thinking tags, the final answer of a response.

Pure functions over `str`, with no third-party import. Text from models is hostile: nothing here evaluates it, and every
function takes time linear in its input.
"""

from open_thoughts_gen.text.answers import boxed as boxed
from open_thoughts_gen.text.answers import final_answer as final_answer
from open_thoughts_gen.text.answers import stated_answer as stated_answer
from open_thoughts_gen.text.answers import tagged as tagged
from open_thoughts_gen.text.answers import why_no_answer as why_no_answer
from open_thoughts_gen.text.folding import FOLDS as FOLDS
from open_thoughts_gen.text.folding import Fold as Fold
from open_thoughts_gen.text.folding import normalise as normalise
from open_thoughts_gen.text.folding import num_words as num_words
from open_thoughts_gen.text.folding import numbers as numbers
from open_thoughts_gen.text.folding import shorten as shorten
from open_thoughts_gen.text.folding import unwrap as unwrap
from open_thoughts_gen.text.prose import prose as prose
from open_thoughts_gen.text.thinking import begins_with_mark as begins_with_mark
from open_thoughts_gen.text.thinking import left_over as left_over
from open_thoughts_gen.text.thinking import split_thinking as split_thinking
