"""Where the line's pure work runs: this machine's processes, or a cluster."""

from open_thoughts_gen.engines.engine import Engine as Engine
from open_thoughts_gen.engines.engine import drop_reasons as drop_reasons
from open_thoughts_gen.engines.engine import measures as measures
from open_thoughts_gen.engines.engine import spread as spread
from open_thoughts_gen.engines.engine import verdicts as verdicts
