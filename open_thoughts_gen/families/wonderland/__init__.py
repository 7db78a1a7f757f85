"""Puzzles in the form of the NVIDIA Nemotron Model Reasoning Challenge, and a blind solver for them."""

from open_thoughts_gen.families.wonderland.family import Wonderland

__all__ = ["Wonderland"]
