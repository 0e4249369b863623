"""Stands for torch where it is not installed: the peers get as far as their arguments, and no further."""

import sys
from unittest.mock import MagicMock

__version__ = "none"
cuda = MagicMock()
for name in ("torch.nn", "torch.nn.functional", "torch.nn.attention"):
    sys.modules[name] = MagicMock()


def __getattr__(name):
    return MagicMock()


def set_float32_matmul_precision(precision):
    """The first that a peer calls once its arguments are read (peers/common.py, begin)."""
    print("arguments understood:", *sys.argv[1:])
    raise SystemExit(0)
