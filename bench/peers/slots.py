"""The flat head's input for policies in PyTorch: the user's row and the sum of the shown items' rows,
signed by the answers, from an observation of throng_env.py.

It is not a part of the project's library and nothing of it is used there.
"""

import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn


class Slots(nn.Module):
    """twice: by a sum that can be differentiated twice, as Fisher-vector products need; slower."""

    def __init__(self, n_user, n_item, width=64, user_width=32, twice=False):
        super().__init__()
        self.twice = twice
        self.user = nn.Embedding(n_user, user_width)
        self.item = nn.EmbeddingBag(n_item, width, mode="sum")
        self.width = width + user_width
        nn.init.uniform_(self.item.weight, -0.1, 0.1)
        nn.init.normal_(self.user.weight, 0, 0.1)

    def forward(self, row):
        h = (row.shape[1] - 1) // 2
        index = row[:, :1 + h].long()
        if self.twice:
            bag = (nn.functional.embedding(index[:, 1:], self.item.weight) * row[:, 1 + h:, None]).sum(1)
        else:
            bag = self.item(index[:, 1:], per_sample_weights=row[:, 1 + h:])
        return torch.cat([self.user(index[:, 0]), bag], 1)


class Extractor(BaseFeaturesExtractor):
    """The same for policies of Stable-Baselines3."""

    def __init__(self, observation_space, n_user, n_item, twice=False):
        slots = Slots(n_user, n_item, twice=twice)
        super().__init__(observation_space, slots.width)
        self.slots = slots

    def forward(self, row):
        return self.slots(row)
