"""Types of the options for editors and type checkers, from configs/throng.schema.json, which the
library's tables make:

    python python/tools/option_types.py > python/throng/_option_types.pyi    (a test holds the file against the tables)
"""

import json
import keyword
import pathlib

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "configs" / "throng.schema.json"

SECTIONS = {"SynthOptions": "synth", "StaOptions": "sta", "VotesOptions": "votes", "UsersOptions": "users",
            "SimOptions": "sim", "AgentOptions": "agent", "TrainOptions": "train",
            "EvaluationOptions": "train.evaluation", "BackendOptions": "backend"}
NAMED = {("SimOptions", "autoreset"), ("BackendOptions", "name")}  # are parameters
TYPES = {"integer": "int", "number": "float", "boolean": "bool", "string": "str", "object": "dict[str, Any]"}


def type_of(schema):
    """A schema's type as Python writes it."""
    names = schema.get("enum")
    if names:
        return "Literal[" + ", ".join(repr(name) for name in names if name is not None) + "]"
    kinds = schema.get("type", [])
    found = []
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind == "array":
            found.append(f"Sequence[{type_of(schema.get('items', {}))}]")
        elif kind in TYPES:
            found.append(TYPES[kind])
    return " | ".join(dict.fromkeys(found)) or "Any"


def section_of(schema, path):
    """The options of a section."""
    for part in path.split("."):
        schema = schema["properties"][part]
    return schema["properties"]


def text():
    """The file."""
    whole = json.loads(SCHEMA.read_text())
    lines = ['"""Made from the library\'s tables of options by python/tools/option_types.py."""', "",
             "from typing import Any, Literal, Sequence, TypedDict"]
    for name, section in SECTIONS.items():
        lines += ["", f"class {name}(TypedDict, total=False):", f'    """Section "{section}"."""']
        for option, schema in section_of(whole, section).items():
            if (name, option) in NAMED or keyword.iskeyword(option):
                continue
            lines.append(f"    {option}: {type_of(schema)}")
            if schema.get("description"):
                said = schema["description"].replace('"', "'")
                lines.append(f'    """{said}"""')
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(text(), end="")
