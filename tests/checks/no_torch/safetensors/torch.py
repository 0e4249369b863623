"""Beside the torch that is none."""


def load_file(path):
    raise AssertionError("a peer read a file before its arguments were checked")
