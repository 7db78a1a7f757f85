"""The one way in which this package talks to models: teachers, judges, question writers all call `Chat.replies`."""

from open_thoughts_gen.chat.client import Chat as Chat
from open_thoughts_gen.chat.client import StoppedError as StoppedError
from open_thoughts_gen.chat.completion import Call as Call
from open_thoughts_gen.chat.completion import Progress as Progress
from open_thoughts_gen.chat.completion import Reply as Reply
from open_thoughts_gen.chat.endpoints import EndpointSpec as EndpointSpec
from open_thoughts_gen.chat.endpoints import Limits as Limits
from open_thoughts_gen.chat.endpoints import Patience as Patience
from open_thoughts_gen.chat.endpoints import resolve as resolve
