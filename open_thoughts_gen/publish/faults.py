"""What verifiers raised on rows, as a run keeps it (a line of JSON for each, with its traceback), and what they refuse.

An error's text may repeat whatever the verifier was handling, a key among it. So the values of the environment's
variables that are named like secrets are masked, and whatever looks like a key, a bearer token, or a password in an
address. Source lines and names of files stay: they are what the traceback is for.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from open_thoughts_gen.recipe.secrets import MASK, Secrets, is_secret_variable
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import UnacceptedReference, VerifierFault

FAULTS_FILE = "verifier_faults.jsonl"
_NUM_SHOWN, _SHOWN = 100, 300
_MIN_SECRET = 6  # characters; masking what is shorter would mask words
_KEY = re.compile(r"\b(?:sk|pk|hf|gh[opsu]|xox[abp])[-_][\w-]{12,}|\b(?i:bearer)\s+\S{8,}|(?<=://)[^\s/@]{1,200}(?=@)")


def write_faults(raised: Sequence[VerifierFault], path: Path) -> Path | None:
    """Write the faults, without secrets; return the file, or None if there are none to write."""
    if not raised:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(_written(fault), ensure_ascii=False) + "\n" for fault in raised)
    path.write_bytes("".join(lines).encode("utf-8", "replace"))
    return path


def without_secrets(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return a text with what is or looks like a secret masked."""
    values = {value for name, value in environment.items() if is_secret_variable(name) and len(value) >= _MIN_SECRET}
    return _KEY.sub(MASK, Secrets(dict.fromkeys(values, MASK)).hide(text))


def summary(raised: Sequence[VerifierFault]) -> dict[str, Any]:
    """Return how many faults there were, by verifier, and the first, for `run.json`; empty if there were none."""
    if not raised:
        return {}
    first = _written(raised[0])
    del first["traceback"]
    return {"num": len(raised), "by_verifier": dict(Counter(fault.verifier for fault in raised)), "first": first}


def unaccepted(references: Sequence[UnacceptedReference]) -> dict[str, Any]:
    """Return how many references their own verifiers do not accept, and the first, for `run.json`."""
    if not references:
        return {}
    by_verifier = Counter(reference.verifier for reference in references)
    first = [{**asdict(each), "reference": shorten(each.reference, _SHOWN)} for each in references[:_NUM_SHOWN]]
    return {"num": len(references), "by_verifier": dict(by_verifier), "first": first}


def _written(fault: VerifierFault) -> dict[str, Any]:
    return asdict(replace(fault, error=without_secrets(fault.error), traceback=without_secrets(fault.traceback)))
