"""What the peer of Weaviate keeps: collections, tenants, objects; what a filter matches."""

import re
import uuid

import numpy
from transport import Refusal

SCALARS = {"text": str, "int": int, "number": (int, float), "boolean": bool, "date": str, "uuid": str}
KEYS = {"text": "valueText", "int": "valueInt", "number": "valueNumber", "boolean": "valueBoolean",
        "date": "valueDate", "uuid": "valueText"}
# Go's unicode.IsSpace.
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a" \
    "\u2028\u2029\u202f\u205f\u3000"
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
COMPARISONS = {
    "Equal": lambda a, b: a == b, "GreaterThan": lambda a, b: a > b, "GreaterThanEqual": lambda a, b: a >= b,
    "LessThan": lambda a, b: a < b, "LessThanEqual": lambda a, b: a <= b,
}


class Object:
    def __init__(self, id, properties, vector):
        self.id = id
        self.properties = properties
        self.vector = vector
        self.tokens = {}


class Collection:
    """A class and its tenants."""

    VECTOR_KEYS = {"distance", "skipDefaultQuantization", "ef", "efConstruction", "maxConnections"}

    def __init__(self, definition):
        if not re.fullmatch("[A-Z][_0-9A-Za-z]{0,254}", definition.get("class", "")):
            raise Refusal(422, f"'{definition.get('class')}' is not a valid class name")
        if not definition.get("multiTenancyConfig", {}).get("enabled"):
            raise Refusal(422, "this peer has collections with tenants alone")
        self.definition = definition
        self.properties = {}
        for each in definition.get("properties", []):
            self.add(each)
        if len(definition.get("vectorConfig", {})) != 1:
            raise Refusal(422, "this peer has one named vector in a collection")
        ((self.vector_name, vector),) = definition["vectorConfig"].items()
        if vector["vectorizer"] != {"none": {}} or vector["vectorIndexType"] != "hnsw":
            raise Refusal(422, "this peer has no vectorizers, and hnsw alone")
        if unknown := vector["vectorIndexConfig"].keys() - self.VECTOR_KEYS:
            raise Refusal(422, f"unknown settings of hnsw: {', '.join(unknown)}")
        self.distance = vector["vectorIndexConfig"].get("distance", "cosine")
        if self.distance not in ("cosine", "dot", "l2-squared"):
            raise Refusal(422, f"unrecognized distance {self.distance}")
        self.null_state = definition.get("invertedIndexConfig", {}).get("indexNullState", False)
        self.tenants = {}

    def add(self, definition):
        name, (kind,) = definition["name"], definition["dataType"]
        taken = {each.lower() for each in self.properties}
        if not re.fullmatch("[_a-z][_0-9A-Za-z]{0,230}", name) or name in ("id", "_id", "_additional"):
            raise Refusal(422, f"'{name}' is not a valid property name")
        if name.lower() in taken:
            raise Refusal(422, f"conflict for property \"{name}\": already in use or provided multiple times")
        if kind.removesuffix("[]") not in SCALARS:
            raise Refusal(422, f"invalid dataType {kind}")
        is_text = kind.removesuffix("[]") == "text"
        if "tokenization" in definition and (
                not is_text or definition["tokenization"] not in ("word", "field", "lowercase", "whitespace")):
            raise Refusal(422, f"tokenization is not allowed for data type {kind}")
        if definition.get("indexSearchable") and not is_text:
            raise Refusal(422, f"`indexSearchable` is allowed only for text/text[] data types, not {kind}")
        if definition.get("indexRangeFilters") and kind not in ("int", "number", "date"):
            raise Refusal(422, "`indexRangeFilters` is allowed only for number/int/date data types")
        self.properties[name] = definition

    def tokenized(self, name, text):
        tokenization = self.properties[name].get("tokenization", "word")
        if tokenization == "field":
            return [text.strip(SPACE)]
        return [word.lower() for word in re.findall(r"[^\W_]+", text)]


class Store:
    def __init__(self, maximum):
        self.collections = {}
        self.maximum = maximum

    def create(self, definition):
        found = Collection(definition)
        name = definition["class"]
        if name in self.collections:
            raise Refusal(422, f"class name {name} already exists")
        if similar := [each for each in self.collections if each.lower() == name.lower()]:
            raise Refusal(422, f"class already exists: found similar class \"{similar[0]}\"")
        self.collections[name] = found
        return definition

    def collection(self, name):
        if name not in self.collections:
            raise Refusal(404, "")
        return self.collections[name]

    def tenant(self, name, tenant):
        """The objects of a tenant, by id."""
        if name not in self.collections:
            raise Refusal(422, f"could not find class {name} in schema")
        if not tenant:
            raise Refusal(422, f"class {name} has multi-tenancy enabled, but request was without tenant")
        tenants = self.collections[name].tenants
        if tenant not in tenants:
            raise Refusal(422, f"tenant not found: \"{tenant}\"")
        return tenants[tenant]

    # MARK: Writing

    def write(self, found):
        if found.get("class") not in self.collections:
            raise Refusal(422, f"class '{found.get('class')}' not present in schema")
        collection = self.collections[found["class"]]
        if not re.fullmatch("[A-Za-z0-9_-]{1,64}", found.get("tenant") or ""):
            raise Refusal(422, f"class {found['class']} has multi-tenancy enabled, but request was without tenant")
        id = str(uuid.UUID(found["id"]))
        properties = {name: value for name, value in found.get("properties", {}).items() if value is not None}
        for name, value in properties.items():
            self.check(found["class"], collection, name, value)
        if found.get("vectors", {}).keys() != {collection.vector_name}:
            raise Refusal(422, f"{collection.vector_name} is the one vector of collection {found['class']}")
        vector = numpy.array(found["vectors"][collection.vector_name], dtype=numpy.float32)
        if found["tenant"] not in collection.tenants \
                and not collection.definition["multiTenancyConfig"].get("autoTenantCreation"):
            raise Refusal(422, f"tenant not found: \"{found['tenant']}\"")
        objects = collection.tenants.setdefault(found["tenant"], {})
        length = next((len(each.vector) for each in objects.values()), len(vector))
        if length != len(vector):
            raise Refusal(422, f"insert to vector index: new node has a vector with length {len(vector)}. "
                               f"Existing nodes have vectors with length {length}")
        objects[id] = Object(id, properties, vector)

    @staticmethod
    def check(name, collection, property, value):
        if property not in collection.properties:
            raise Refusal(422, f"no such prop with name '{property}' found in class '{name}' in the schema")
        (kind,) = collection.properties[property]["dataType"]
        values = value if kind.endswith("[]") and isinstance(value, list) else [value]
        scalar = SCALARS[kind.removesuffix("[]")]
        for each in values:
            if not isinstance(each, scalar) or (isinstance(each, bool) and scalar is not bool):
                raise Refusal(422, f"invalid {kind} property '{property}' on class '{name}'")
            if kind.startswith("date") and not DATE.fullmatch(each):
                raise Refusal(422, f"invalid date property '{property}' on class '{name}': requires a RFC3339 string")

    # MARK: Filters

    def matches(self, name, where, found, array=""):
        """Whether an object matches a filter.

        `array` ends the keys of several values: in REST they have keys of their own, in GraphQL they have not."""
        allowed = {"operator", "operands", "path", *KEYS.values(), *(key + "Array" for key in KEYS.values())}
        if not isinstance(where, dict) or where.keys() - allowed:
            raise Refusal(422, f"invalid 'where' filter: {sorted(where)[:5]}")
        operator = where.get("operator")
        if operator in ("And", "Or"):
            if where.keys() != {"operator", "operands"} or not where["operands"]:
                raise Refusal(422, f"operator {operator} has operands, and nothing else")
            results = [self.matches(name, each, found, array) for each in where["operands"]]
            return all(results) if operator == "And" else any(results)
        if operator == "Not":
            if where.keys() != {"operator", "operands"} or len(where["operands"]) != 1:
                raise Refusal(422, "operator Not has one operand, and nothing else")
            return not self.matches(name, where["operands"][0], found, array)
        if not isinstance(where.get("path"), list) or len(where["path"]) != 1:
            raise Refusal(422, "a condition has a path of one property here")
        (property,) = where["path"]
        (key,) = where.keys() - {"operator", "path"}
        value, collection = where[key], self.collections[name]
        if operator == "IsNull":
            if not collection.null_state or key != "valueBoolean" or not isinstance(value, bool):
                raise Refusal(422, "Nullstate must be indexed to be filterable! Add `indexNullState: true`")
            return (found.properties.get(property, []) == []) == value
        kind = self.kind(collection, name, property)
        several = operator in ("ContainsAny", "ContainsAll", "ContainsNone")
        if key != KEYS[kind] + (array if several else "") or several != isinstance(value, list):
            raise Refusal(422, f"data type filter cannot use \"{key}\" on type \"{kind}\" with {operator}")
        there = self.indexed(collection, property, found)
        if several:
            wanted = {self.one(collection, property, kind, each) for each in value}
            if operator == "ContainsAll":
                return wanted <= there
            return there.isdisjoint(wanted) == (operator == "ContainsNone")
        wanted = self.one(collection, property, kind, value)
        if operator == "Like":
            pattern = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in wanted)
            return any(re.fullmatch(pattern, each, re.DOTALL) for each in there)
        if operator == "NotEqual":
            return wanted not in there
        if operator not in COMPARISONS:
            raise Refusal(422, f"unknown operator {operator}")
        return any(COMPARISONS[operator](each, wanted) for each in there)

    @staticmethod
    def kind(collection, name, property):
        if property == "id":
            return "text"
        if property not in collection.properties:
            raise Refusal(422, f"no such prop with name '{property}' found in class '{name}' in the schema")
        definition = collection.properties[property]
        if not definition.get("indexFilterable", True):
            raise Refusal(422, f"Filtering by property '{property}' requires inverted index. Enable `indexFilterable`")
        return definition["dataType"][0].removesuffix("[]")

    @staticmethod
    def one(collection, property, kind, value):
        if not isinstance(value, SCALARS[kind]) or (isinstance(value, bool) and kind != "boolean"):
            raise Refusal(422, f"a value of another type than {kind}")
        if kind != "text" or property == "id":
            return value
        words = collection.tokenized(property, value)
        if len(words) != 1:
            raise Refusal(422, "this peer filters by texts that are indexed as they are")
        return words[0]

    @staticmethod
    def indexed(collection, property, found):
        """What the index has of an object's property."""
        if property == "id":
            return {found.id}
        if property not in found.tokens:
            value = found.properties.get(property, [])
            values = value if isinstance(value, list) else [value]
            if collection.properties[property]["dataType"][0].startswith("text"):
                values = [word for each in values for word in collection.tokenized(property, each)]
            found.tokens[property] = set(values)
        return found.tokens[property]
