#!/usr/bin/env python3
"""Writes python_literals.json: sources and what ast.literal_eval makes of them, or that it refuses.

Values are written as throng's parser gives them: tuples and sets as lists, keys that are not
strings as their source text, bytes as Latin-1, halves of surrogate pairs joined or U+FFFD.
"""
import ast
import json
import pathlib
import random

GOOD = [
    "1", "-1", "+7", "- 3", "0", "00", "1_000", "0x1F", "0XfF", "0o17", "0b101", "0x_1f", "1.", ".5",
    "1e3", "1E-3", "-1.5e+2", "0.1", "123456789012345678", "3.141592653589793238462643", "1_0.0_1",
    "2.2250738585072014e-308", "5e-324", "1.7976931348623157e308", "9007199254740993",
    "True", "False", "None", "''", '""', "'a'", '"it\'s"', "'say \\'hi\\''", "'a' 'b'",
    "('a'\n 'b')", "'''x\ny'''", '"""a"b""c"""', "'''it's'''", "r'\\n'", "R'\\''", "u'é'", "U'x'",
    "b'ab'", "b'\\xff\\x41'", "rb'\\x'", "bR'a'", "'\\x41\\101\\7\\60a'", "'\\u00e9\\U0001f600'",
    "'\\ud83d\\ude00'", "'\\ud83d'", "'\\ude00x'", "'\\ud83d\\u0041'", "'\\a\\b\\f\\n\\r\\t\\v\\\\'",
    "'a\\\nb'", "'\\q'", "'\\777'", "'é 漢 😀'", "[]", "[1]", "[1,]", "[1, 'a', [2, [3]]]", "()", "(1)",
    "(1,)", "(1, 2)", "((1, 2), 3)", "{}", "{'a': 1}", "{'a': 1,}", "{'a': {'b': [1, None]}}",
    "{1: 2, 'b': 3}", "{None: 1, True: 2}", "{1, 2, 2}", "{'a'}", "{'a', }", "set()", "set( )",
    "  [1]", "[1] ", "[1, # note\n 2]", "{'a'\n:\n1}", "{'a' 'b': 1}", "\t'x'", "[-1, +1]",
    "{-1: 'x'}", "{1.5: 'x'}", "{u'k': u'v'}", "[(), {}, set(), '']",
]
BAD = [
    "", " ", "a", "nan", "inf", "1+1", "1 2", "[1 2]", "[1,,2]", "[,]", "[", "]", "(", "(1", "(,)", "{",
    "{1:}", "{1: 2", "{1: 2, 3}", "{1, 2: 3}", "{:}", "{,}", "{[1]: 2}", "{{}: 1}", "{[1]}", "'a", "\"a", "'a\nb'", "'''a", "'a''b",
    "f'a'", "ur'a'", "bu'a'", "br'", "x'a'", "'\\x4'", "'\\u12'", "'\\U0011ffff'", "'\\Uffffffff'", "'a' b'b'",
    "b'é'", "1__0", "_1", "1_", "0x", "0b2", "0o8", "012", "1e", "1e+", "1.2.3", ".", "-", "--1", "-'a'", "~1",
    "True()", "none", "true", "[1].append(2)", "__import__('os')", "lambda: 1", "[x for x in []]", "{**{}}",
    "*a", "'a'.upper()", "1 if 1 else 2", "not True", "1 or 2", "set([1])", "set", "dict()",
    "'a' 1", "[1}", "(1]", "1abc", "0xg", "'\\N{NOPE}'", "@", "1;2", "[1]\n[2]",
]


def text(value):
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def plain(node, source):
    """The node's value as throng gives it; keys need the source, so this walks the tree."""
    if isinstance(node, ast.Dict):
        pairs = {}
        for key, value in zip(node.keys, node.values):
            named = ast.literal_eval(key)
            if isinstance(named, bytes):
                named = named.decode("latin-1")
            if not isinstance(named, str):
                named = ast.get_source_segment(source, key)
            pairs[text(named)] = plain(value, source)
        return pairs
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [plain(element, source) for element in node.elts]
    value = ast.literal_eval(node)
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) > 2**53 else value
    return value


def evaluate(source):
    stripped = source.lstrip(" \t\n")
    ast.literal_eval(stripped)
    return plain(ast.parse(stripped, mode="eval").body, stripped)


def random_value(rng, depth):
    kind = rng.randrange(9 if depth > 0 else 5)
    if kind == 0:
        return rng.choice([True, False, None])
    if kind == 1:
        return rng.randrange(-10**6, 10**6)
    if kind == 2:
        return rng.gauss(0, 10 ** rng.randrange(-3, 12))
    if kind in (3, 4):
        alphabet = "ab'\"\\\n\t{}[],: é漢😀\x7f\x01"
        return "".join(rng.choice(alphabet) for _ in range(rng.randrange(9)))
    members = [random_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    if kind == 5:
        return tuple(members)
    if kind == 6:
        return members
    return {f"k{i} '\"": member for i, member in enumerate(members)}


def main():
    rng = random.Random(7)
    cases = [{"source": s, "value": evaluate(s)} for s in GOOD]
    for _ in range(200):
        source = repr(random_value(rng, 4))
        cases.append({"source": source, "value": evaluate(source)})
    for source in BAD:
        try:
            ast.literal_eval(source)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            cases.append({"source": source})
        else:
            raise SystemExit(f"literal_eval accepts {source!r}")
    path = pathlib.Path(__file__).resolve().parent / "python_literals.json"
    path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    import warnings
    warnings.simplefilter("ignore")
    main()
