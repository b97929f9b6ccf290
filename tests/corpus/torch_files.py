"""Checkpoints of PyTorch, hostile and good."""

import io

import torch

from tests.corpus.cases import good


@good("torch: a state dict")
def _state() -> bytes:
    stream = io.BytesIO()
    torch.save({"w": torch.arange(6.0)}, stream)
    return stream.getvalue()
