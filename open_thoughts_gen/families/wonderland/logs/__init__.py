"""Logs: how each kind of puzzle is solved, line by line, so that a small model can learn to do it.

A log is written from the text of the puzzle alone. Each line follows from the lines before it by copying, comparing, or
one small step of arithmetic; what is tried is written before it is known whether it holds, and the answer comes last.
"""
