"""The archive of an adapter: names that the challenge's engine looks for, and what it would ignore."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.challenge.submission import CONFIG, TARGETS, WEIGHTS, pack
from open_thoughts_gen.errors import UserError

TENSORS = ("base_model.model.lm_head.lora_A.weight", "base_model.model.backbone.layers.0.mixer.in_proj.lora_A.weight")


def adapter(folder: Path, **config: Any) -> Path:
    header = {
        name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i, name in enumerate(TENSORS)
    }
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    (folder / WEIGHTS).write_bytes(len(text).to_bytes(8, "little") + text + bytes(range(8)))
    (folder / CONFIG).write_text(json.dumps({"r": 32, "target_modules": list(TARGETS), **config}))
    return folder


def test_the_output_layer_gets_the_name_that_the_engine_looks_for(tmp_path: Path) -> None:
    names = pack(adapter(tmp_path), tmp_path / "submission.zip")
    assert names == [TENSORS[1], "base_model.model.backbone.lm_head.lora_A.weight"]
    with zipfile.ZipFile(tmp_path / "submission.zip") as archive:
        assert archive.namelist() == [CONFIG, WEIGHTS]
        packed = archive.read(WEIGHTS)
    length = int.from_bytes(packed[:8], "little")
    assert length % 8 == 0
    header = json.loads(packed[8 : 8 + length])
    assert header["base_model.model.backbone.lm_head.lora_A.weight"]["data_offsets"] == [0, 4]
    assert packed[8 + length :] == bytes(range(8))
    # packed again from what was packed, it stays as it is
    (tmp_path / WEIGHTS).write_bytes(packed)
    assert pack(tmp_path, tmp_path / "again.zip") == names


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        ({"r": 64}, "the rank of the adapter is 64"),
        ({"r": None}, "the rank of the adapter is None"),
        ({"target_modules": ["q_proj", "gate_proj"]}, "the model has no layer gate_proj"),
        ({"target_modules": "all-linear"}, "a pattern"),
    ],
)
def test_what_the_challenge_would_refuse_or_ignore_is_a_fault(
    tmp_path: Path, config: dict[str, Any], fault: str
) -> None:
    with pytest.raises(UserError, match=fault):
        pack(adapter(tmp_path, **config), tmp_path / "submission.zip")
    assert not (tmp_path / "submission.zip").exists()


def test_a_folder_without_an_adapter_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no adapter_config\.json"):
        pack(tmp_path, tmp_path / "submission.zip")
    (adapter(tmp_path) / WEIGHTS).write_bytes(b"\xff" * 64)
    with pytest.raises(UserError, match="is not a safetensors file"):
        pack(tmp_path, tmp_path / "submission.zip")
