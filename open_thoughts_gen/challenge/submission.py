"""Pack a LoRA adapter as the challenge wants it: `submission.zip`, with the names that its engine looks for.

The challenge loads `adapter_config.json` and `adapter_model.safetensors` from the archive, rank 32 at most. Its engine
looks for the output layer as `backbone.lm_head`, where PEFT writes `lm_head`; under the other name that part is ignored
without a word. A layer that the model lacks is ignored as well, such as `gate_proj`, so it is a fault here.

The header of a safetensors file is JSON whose offsets are relative to its end, so tensors are renamed without reading
them.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from open_thoughts_gen.errors import Fault, UserError

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "in_proj", "out_proj", "up_proj", "down_proj", "lm_head")
MAX_RANK = 32
_ABSENT = ("gate_proj",)  # the model has no such layer
_PLAIN, _NAMED = "base_model.model.lm_head.", "base_model.model.backbone.lm_head."


def pack(adapter: Path, archive: Path) -> list[str]:
    """Write the archive from the folder of an adapter, and return the names of its tensors.

    Raises:
        UserError: the folder is not that of an adapter which the challenge can load.

    """
    for name in (CONFIG, WEIGHTS):
        if not (adapter / name).is_file():
            raise UserError(Fault(f"{adapter} has no {name}", hint="name the folder that the trainer saved"))
    check_config(json.loads((adapter / CONFIG).read_text("utf-8")))
    header, start = _header(adapter / WEIGHTS)
    renamed = {name.replace(_PLAIN, _NAMED): entry for name, entry in header.items()}
    text = json.dumps(renamed).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with zipfile.ZipFile(archive, "w") as files:
        files.write(adapter / CONFIG, CONFIG)
        with files.open(WEIGHTS, "w", force_zip64=True) as packed, (adapter / WEIGHTS).open("rb") as weights:
            packed.write(len(text).to_bytes(8, "little") + text)
            weights.seek(start)
            while block := weights.read(1 << 24):
                packed.write(block)
    return sorted(name for name in renamed if name != "__metadata__")


def check_config(config: dict[str, Any]) -> None:
    """Check what the challenge limits.

    Raises:
        UserError: the rank is too large, or a target is not a layer of the model, or all are one pattern.

    """
    rank, targets = config.get("r"), config.get("target_modules")
    if not isinstance(rank, int) or not 0 < rank <= MAX_RANK:
        raise UserError(Fault(f"the rank of the adapter is {rank!r}", hint=f"the challenge takes at most {MAX_RANK}"))
    if not isinstance(targets, list):
        hint = f"name the layers in a list: {', '.join(TARGETS)}"
        raise UserError(Fault(f"target_modules is {targets!r}, a pattern", hint=hint))
    for name in targets:
        if name in _ABSENT:
            raise UserError(Fault(f"the model has no layer {name}", hint=f"its layers are {', '.join(TARGETS)}"))


def _header(weights: Path) -> tuple[dict[str, Any], int]:
    """Return the header of a safetensors file, and where the tensors begin."""
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(length) if length <= weights.stat().st_size else b""
    try:
        header = json.loads(text)
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise UserError(Fault(f"{weights} is not a safetensors file", hint="save the adapter again"))
    return header, 8 + length
