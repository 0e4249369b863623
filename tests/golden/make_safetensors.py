"""Writes stock.safetensors with the stock safetensors package: what tests/test_safetensors.c
reads, and must write byte for byte. Run: python make_safetensors.py"""
import os
import numpy as np
from safetensors.numpy import save_file

here = os.path.dirname(os.path.abspath(__file__))
save_file(
    {
        "zeta": np.arange(6, dtype=np.float32).reshape(2, 3) / 4,
        "alpha": np.array([-1.5, 2.25], dtype=np.float32),
        "blob": np.frombuffer("Grüße".encode(), dtype=np.uint8).copy(),
        "offset": np.array([0, 2, 7], dtype=np.int64),
        "count": np.array([2**63 + 5], dtype=np.uint64),
        "item": np.array([[-3, 4]], dtype=np.int32),
        "word": np.array([4294967295], dtype=np.uint32),
        "double": np.array(0.1, dtype=np.float64),
        "empty": np.zeros((0, 4), dtype=np.float32),
    },
    os.path.join(here, "stock.safetensors"),
    metadata={"format": 'a "quoted" value\n'},
)
save_file(
    {"half": np.array([1.0, -0.333251953125, 65504.0, 6e-8, np.inf], dtype=np.float16)},
    os.path.join(here, "half.safetensors"),
)
