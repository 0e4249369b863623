"""Writes world.safetensors and world_later.safetensors as a Python user would, with the stock safetensors package: the tiny
world of tests/tiny_world.h, without and with a later part. tests/test_world.c reads the one and must
write the same bytes, which shows both directions; tests/test_later_part.c reads the other. Run: python make_world.py"""
import os
import numpy as np
from safetensors.numpy import save_file


def strings(name, texts):
    parts = [t.encode() for t in texts]
    return {
        name + ".blob": np.frombuffer(b"".join(parts), dtype=np.uint8).copy(),
        name + ".offset": np.cumsum([0] + [len(p) for p in parts]).astype(np.int64),
    }


keyword = np.array([[1, 0], [0, 1], [-1, 0], [0.6, 0.8], [0.8, 0.6]], dtype=np.float32)
pos, pos_offset = [0, 1, 1, 2], [0, 2, 3, 4, 4]
neg, neg_offset = [3, 3, 4, 4], [0, 1, 3, 3, 4]


def mean(entries, offset):
    rows = []
    for begin, end in zip(offset[:-1], offset[1:]):
        total = keyword[entries[begin:end]].astype(np.float64).sum(axis=0)
        norm = np.linalg.norm(total)
        rows.append(total / norm if norm > 0 else total)
    return np.array(rows, dtype=np.float32)


tensors = {
    "category_offset": np.array([0, 1, 3, 4, 4], dtype=np.int64),
    "category": np.array([0, 0, 1, 1], dtype=np.int32),
    "pos_offset": np.array(pos_offset, dtype=np.int64),
    "pos": np.array(pos, dtype=np.int32),
    "neg_offset": np.array(neg_offset, dtype=np.int64),
    "neg": np.array(neg, dtype=np.int32),
    "embedding_pos": mean(pos, pos_offset),
    "embedding_neg": mean(neg, neg_offset),
    "keyword_embedding": keyword,
    "user_offset": np.array([0, 3, 4, 4], dtype=np.int64),
    "history_item": np.array([0, 1, 2, 3], dtype=np.int32),
    "history_like": np.array([1, 0, 1, 0], dtype=np.uint8),
    "history_rating": np.array([5, 1, 4, 2], dtype=np.float32),
    "history_time": np.array([100, 200, 200, 50], dtype=np.int64),
    **strings("user_id", ["u0", "u1", "u2"]),
    **strings("item_id", ["a", "b", "c", "d"]),
    **strings("item_name", ["Blue Door", "Red Hill", "", "Ünder"]),
    **strings("keyword", ["fresh", "calm", "loud", "slow", "dull"]),
    **strings("category_name", ["doors", "hills"]),
}
metadata = {
    "format": "throng world",
    "version": "1",
    "source": "tiny test world",
    "like_threshold": "3",
    "has_time": "true",
}
later = {
    "later_offset": np.array([0, 2, 2, 3], dtype=np.int64),
    "later_item": np.array([3, 0, 1], dtype=np.int32),
    "later_like": np.array([1, 0, 1], dtype=np.uint8),
    "later_rating": np.array([4, 2, 5], dtype=np.float32),
    "later_time": np.array([200, 300, 7], dtype=np.int64),
}
here = os.path.dirname(os.path.abspath(__file__))
for name, all_of in (("world", tensors), ("world_later", tensors | later)):
    path = os.path.join(here, name + ".safetensors")
    save_file(all_of, path, metadata=metadata)
    os.chmod(path, 0o644)
