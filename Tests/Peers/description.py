"""An official description of a REST service, OpenAPI 3 or Swagger 2, that requests are checked against."""

import json
import re
import sys


class Description:
    """Paths, query parameters and bodies; an object whose keys are listed has no others."""

    def __init__(self, path, amended=None):
        """`amended` are definitions in which the description is known to be wrong."""
        import jsonschema
        with open(path, encoding="utf-8") as file:
            self.document = json.load(file)
        self.document.get("definitions", {}).update(amended or {})
        # The parts that references lead to stand where they stood.
        shared = {"components": self.translated(self.document.get("components", {})),
                  "definitions": self.translated(self.document.get("definitions", {}))}
        self.make = lambda schema: jsonschema.Draft202012Validator({**schema, **shared})
        self.validators = {}

    @classmethod
    def translated(cls, schema):
        """`nullable` of OpenAPI 3.0, and Swagger's `x-nullable`, as JSON Schema says it."""
        if isinstance(schema, list):
            return [cls.translated(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        if schema == {"nullable": True}:
            return {"type": "null"}
        found = {key: cls.translated(value) for key, value in schema.items()
                 if key not in ("nullable", "x-nullable", "example", "examples")}
        if (schema.get("nullable") or schema.get("x-nullable")) and isinstance(schema.get("type"), str):
            found["type"] = [schema["type"], "null"]
        if schema.get("type") == "object" and "properties" in schema and "additionalProperties" not in schema:
            found["additionalProperties"] = False
        return found

    def problem(self, method, path, parameters, body):
        """What the description does not allow; None when there is nothing. The path is without the description's base
        path, the body bytes."""
        for template, methods in self.document["paths"].items():
            if not re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path):
                continue
            operation = methods.get(method.lower())
            if operation is None:
                continue
            declared = [self.resolved(each) for each in operation.get("parameters", [])]
            known = {each["name"] for each in declared if each["in"] == "query"}
            if unknown := parameters.keys() - known:
                return f"no query parameter {', '.join(unknown)}"
            schema = next((each["schema"] for each in declared if each["in"] == "body"), None)
            if "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
            if schema is None:
                return "a body" if body else None
            if (method, template) not in self.validators:
                self.validators[method, template] = self.make(self.translated(schema))
            error = next(self.validators[method, template].iter_errors(json.loads(body)), None)
            return f"{error.json_path}: {error.message[:300]}" if error else None
        return "no such path"

    def resolved(self, parameter):
        """A parameter of Swagger 2 may stand elsewhere."""
        if "$ref" not in parameter:
            return parameter
        return self.document["parameters"][parameter["$ref"].rpartition("/")[2]]

    def check(self, method, path, parameters, body):
        """The problem, told on the standard error too."""
        problem = self.problem(method, path, parameters, body)
        if problem:
            print(f"NOT IN THE DESCRIPTION: {method} {path}: {problem}", file=sys.stderr, flush=True)
        return problem
