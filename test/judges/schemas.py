"""JSON schemas for kubeconform from the API server's own description of itself (OpenAPI v2), and from definitions of optional APIs: one
file for each kind.

A field that the description does not know is refused, as the API server does with strict validation.
"""

import json

INT_OR_STRING = {"anyOf": [{"type": "integer"}, {"type": "string"}]}


def converted(schema):
    """A part of the description as a JSON schema."""
    if schema.get("format") == "int-or-string" or schema.get("x-kubernetes-int-or-string"):
        return INT_OR_STRING
    result = {}
    for name, value in schema.items():
        if name == "$ref":
            result[name] = value
        elif name == "properties":
            result[name] = {field: converted(part) for field, part in value.items()}
            if not schema.get("x-kubernetes-preserve-unknown-fields"):
                result["additionalProperties"] = False
        elif name in ("items", "additionalProperties") and isinstance(value, dict):
            result[name] = converted(value)
        elif name in ("type", "required", "enum", "minimum", "maximum", "pattern", "maxLength", "minLength", "additionalProperties"):
            result[name] = value
    return result


def references(schema):
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):  # A definition has a property of that name.
            yield schema["$ref"].removeprefix("#/definitions/")
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def needed(name, definitions):
    """The definition's name and those that it refers to, directly or not."""
    found, open_names = set(), [name]
    while open_names:
        each = open_names.pop()
        if each not in found:
            found.add(each)
            open_names += references(definitions[each])
    return found


def write(document, folder):
    """Writes KIND-GROUP-VERSION.json (the group's first word alone) as kubeconform looks for it; returns how many."""
    definitions = {name: converted(schema) for name, schema in document["definitions"].items()}
    written = 0
    for name, schema in document["definitions"].items():
        kinds = schema.get("x-kubernetes-group-version-kind", [])
        if len(kinds) != 1 or "properties" not in schema:
            continue  # Options and lists that belong to every group.
        group, version, kind = (kinds[0][part] for part in ("group", "version", "kind"))
        whole = {**definitions[name], "definitions": {each: definitions[each] for each in needed(name, definitions)}}
        write_kind(folder, group, version, kind, whole)
        written += 1
    return written


def write_definition(definition, folder):
    """The same for a CustomResourceDefinition."""
    spec = definition["spec"]
    for version in spec["versions"]:
        whole = converted(version["schema"]["openAPIV3Schema"])
        write_kind(folder, spec["group"], version["name"], spec["names"]["kind"], whole)


def write_kind(folder, group, version, kind, schema):
    schema["required"] = sorted({*schema.get("required", []), "apiVersion", "kind"})
    schema["properties"] = {**schema["properties"], "kind": {"enum": [kind]},
                            "apiVersion": {"enum": [f"{group}/{version}" if group else version]}}
    file = "-".join(part for part in (kind, group.split(".")[0], version) if part).lower() + ".json"
    (folder / file).write_text(json.dumps(schema))
