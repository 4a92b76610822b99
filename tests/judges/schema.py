#!/usr/bin/python3
"""Holds documents against a JSON schema: schema.py SCHEMA

Standard input is a JSON array of YAML documents. Prints a JSON array: for each document what is wrong
with it, once as YAML 1.1 has it (off is false, 0777 is 511) and once as YAML 1.2 does; null where it is
no YAML.
"""

import json
import re
import sys

import jsonschema
import yaml


class Newer(yaml.SafeLoader):
    """YAML 1.2 knows two words for a switch, and no times and dates."""


Newer.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in known if tag.endswith(("null", "merge"))]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Newer.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
Newer.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789")
)
# Numbers are decimal, whatever they begin with.
Newer.add_constructor(
    "tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node), 10)
)


def wrong(validator, text, loader):
    try:
        document = yaml.load(text, Loader=loader)
    except (yaml.YAMLError, ValueError):
        return None
    return [
        f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)
    ]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    documents = json.load(sys.stdin)
    loaders = [yaml.SafeLoader, Newer]
    json.dump([[wrong(validator, text, loader) for loader in loaders] for text in documents], sys.stdout)


main()
