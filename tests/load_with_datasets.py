"""Loads a dataset folder with whatever `datasets` is installed; run by .ci/run with the oldest one supported.

python tests/load_with_datasets.py FOLDER NUM_ROWS
"""

import sys
from pathlib import Path

import datasets


def main(folder: str, num_rows: int) -> None:
    cache = str(Path(folder).parent / ".load-check")
    rows = datasets.load_dataset(folder, cache_dir=cache)
    chats = datasets.load_dataset(folder, "messages", cache_dir=cache)
    assert sum(rows.num_rows.values()) == sum(chats.num_rows.values()) == num_rows, (rows.num_rows, chats.num_rows)
    for split in rows:
        assert rows[split]["id"] == chats[split]["id"]
    chat, row = chats["train"][0], rows["train"][0]
    assert [message["role"] for message in chat["messages"]] == ["user", "assistant"]
    assert chat["messages"][0]["content"] == row["question"]
    sys.stdout.write(f"datasets {datasets.__version__}: {rows.num_rows} rows, {len(rows['train'].features)} columns\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
