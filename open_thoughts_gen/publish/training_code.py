"""The code on a card that trains a model on the dataset: TRL's fine-tuning on chats, and its GRPO with our reward.

Both set the length that TRL would cut at: its defaults end before most reasoning does. The tests run the code against a
stand-in for TRL, which renders the chats and calls the rewards as TRL does.
"""

from __future__ import annotations

_MODEL = "Qwen/Qwen3-0.6B"
_MIN_TOKENS = 1_024


def fine_tuning_code(where: str) -> str:
    """Return code that fine-tunes a model on the chats of the dataset at `where`, a Python string."""
    return "\n".join([
        "from trl import SFTConfig, SFTTrainer",
        "",
        f'chats = load_dataset({where}, "messages", split="train")',
        "settings = SFTConfig(max_length=None)  # by default all that follows 1,024 tokens is cut off",
        f'SFTTrainer("{_MODEL}", train_dataset=chats, args=settings).train()',
    ])  # fmt: skip


def grpo_code(where: str, longest: int) -> str:
    """Return code that trains a model by the rewards of the config `rl`; `longest` is the most words of a trace."""
    tokens = _MIN_TOKENS
    while tokens < 3 * longest:  # words are of two tokens at most, as a rule
        tokens *= 2
    return "\n".join([
        "from open_thoughts_gen.rewards import reward_func",
        "from trl import GRPOConfig, GRPOTrainer",
        "",
        f'prompts = load_dataset({where}, "rl", split="train")',
        f"settings = GRPOConfig(max_completion_length={tokens})  # by default an answer ends at 512 tokens",
        f'GRPOTrainer("{_MODEL}", reward_funcs=reward_func, train_dataset=prompts, args=settings).train()',
    ])  # fmt: skip
