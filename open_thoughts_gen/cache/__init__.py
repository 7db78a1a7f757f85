"""The response cache: every answer of a model, on disk before anything uses it, so that nothing is paid for twice."""

from open_thoughts_gen.cache.again import AskAgain as AskAgain
from open_thoughts_gen.cache.claims import Owner as Owner
from open_thoughts_gen.cache.file import APPLICATION as APPLICATION
from open_thoughts_gen.cache.file import SCHEMA as SCHEMA
from open_thoughts_gen.cache.file import DiskError as DiskError
from open_thoughts_gen.cache.reserve import Reserve as Reserve
from open_thoughts_gen.cache.secret import secret_of as secret_of
from open_thoughts_gen.cache.store import NO_LIMIT as NO_LIMIT
from open_thoughts_gen.cache.store import Claimed as Claimed
from open_thoughts_gen.cache.store import Limited as Limited
from open_thoughts_gen.cache.store import Response as Response
from open_thoughts_gen.cache.store import ResponseCache as ResponseCache
from open_thoughts_gen.cache.store import Stored as Stored
from open_thoughts_gen.cache.store import response_key as response_key
