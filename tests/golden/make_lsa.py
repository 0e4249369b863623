"""Golden file of latent semantic analysis: keyword lists with planted groups, their PPMI, and its
singular vectors by numpy. Run: python tests/golden/make_lsa.py"""

import numpy as np
from safetensors.numpy import save_file

rng = np.random.default_rng(7)
n_group, per_group, n_item = 6, 40, 120
n_keyword = n_group * per_group
group = np.repeat(np.arange(n_group), per_group)
lists = []
for side in range(2):
    chosen = np.zeros((n_item, n_keyword), bool)
    for i in range(n_item):
        near = (group == i % n_group) * (0.6 if side == 0 else 0.3) + 0.02
        chosen[i] = rng.random(n_keyword) < near
    lists.append(chosen)
lists[0][:, 5] = lists[1][:, 5] = False  # a keyword that nobody has keeps a row of zeros
incidence = np.concatenate(lists).T.astype(np.float64)  # (n_keyword, 2 n_item)
total = incidence.sum()
row, column = incidence.sum(1, keepdims=True), incidence.sum(0, keepdims=True)
with np.errstate(divide="ignore", invalid="ignore"):
    ppmi = np.log(incidence * total / (row * column))
ppmi[~np.isfinite(ppmi)] = 0
ppmi = np.maximum(ppmi, 0)
u, s, _ = np.linalg.svd(ppmi, full_matrices=False)
dim = 6
embedding = u[:, :dim] * np.sqrt(s[:dim])
norm = np.linalg.norm(embedding, axis=1, keepdims=True)
embedding = np.where(ppmi.sum(1, keepdims=True) > 0, embedding / np.maximum(norm, 1e-300), 0)

golden = {"ppmi_row_sum": ppmi.sum(1), "u": np.ascontiguousarray(u[:, :dim]), "s": s,
          "cosine": np.ascontiguousarray((embedding @ embedding.T)[::8])}
for name, chosen in zip(("pos", "neg"), lists):
    golden[name + "_offset"] = np.concatenate([[0], chosen.sum(1).cumsum()]).astype(np.int64)
    golden[name] = np.concatenate([np.flatnonzero(c) for c in chosen]).astype(np.int32)
save_file({k: (v.astype(np.float32) if v.dtype == np.float64 else v) for k, v in golden.items()},
          __file__.replace("make_lsa.py", "lsa.safetensors"))
print("gap", s[dim - 1], s[dim], "entries", int(total))
