"""Rows for the NVIDIA Nemotron Model Reasoning Challenge: strings that its model reads, and an audit of them."""
