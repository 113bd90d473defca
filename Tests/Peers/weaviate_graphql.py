"""The queries of the peer of Weaviate: `Get` and `Aggregate`, with no argument and no field that is not known."""

import collections
import math
import uuid

import graphql
import numpy
from transport import Refusal

K1, B = 1.2, 0.75


class Word(str):
    """A value of an enumeration: a string is none."""


class Queries:
    def __init__(self, store):
        self.store = store

    def answer(self, text, variables):
        """Errors come in a reply of status 200."""
        if not self.store.collections:
            raise Refusal(422, "no graphql provider present, this is most likely because no schema is present. "
                               "Import a schema first!")
        try:
            if variables:
                raise Refusal(200, "this peer takes no variables")
            document = graphql.parse(text)
            (operation,) = document.definitions
            (kind,) = operation.selection_set.selections
            if kind.name.value not in ("Get", "Aggregate"):
                raise Refusal(200, f"Cannot query field \"{kind.name.value}\" on type \"WeaviateObj\".")
            (field,) = kind.selection_set.selections
            name = field.name.value
            if name not in self.store.collections:
                raise Refusal(200, f"Cannot query field \"{name}\" on type \"{kind.name.value}ObjectsObj\".")
            arguments = {each.name.value: self.value(each.value) for each in field.arguments}
            run = self.get if kind.name.value == "Get" else self.aggregate
            return {"data": {kind.name.value: {name: run(name, arguments, field.selection_set)}}}
        except graphql.GraphQLError as error:
            return {"data": None, "errors": [{"message": f"Syntax Error GraphQL request: {error.message}"}]}
        except Refusal as refusal:
            return {"data": {}, "errors": [{"message": str(refusal), "path": [], "locations": []}]}

    def value(self, node):
        match node:
            case graphql.ListValueNode():
                return [self.value(each) for each in node.values]
            case graphql.ObjectValueNode():
                return {each.name.value: self.value(each.value) for each in node.fields}
            case graphql.EnumValueNode():
                return Word(node.value)
            case graphql.IntValueNode():
                return int(node.value)
            case graphql.FloatValueNode():
                return float(node.value)
            case graphql.StringValueNode() | graphql.BooleanValueNode():
                return node.value
        raise Refusal(200, f"unexpected {node.kind}")

    @staticmethod
    def only(found, known, what):
        if unknown := found.keys() - known:
            raise Refusal(200, f"Unknown argument \"{sorted(unknown)[0]}\" on {what}")

    @classmethod
    def operators(cls, where):
        """Operators are words, not strings."""
        if not isinstance(where.get("operator"), Word):
            raise Refusal(200, "Argument \"where\" has invalid value: Expected type \"WhereOperatorEnum\"")
        for each in where.get("operands", []):
            cls.operators(each)

    def selected(self, name, arguments):
        objects = self.store.tenant(name, arguments.get("tenant"))
        found = [objects[key] for key in sorted(objects, key=lambda text: uuid.UUID(text).int)]
        if where := arguments.get("where"):
            self.operators(where)
            found = [each for each in found if self.store.matches(name, where, each)]
        return found

    def aggregate(self, name, arguments, selection):
        self.only(arguments, {"tenant", "where"}, f"field \"{name}\"")
        if graphql.print_ast(selection).split() != ["{", "meta", "{", "count", "}", "}"]:
            raise Refusal(200, "this peer counts, and nothing else")
        return [{"meta": {"count": len(self.selected(name, arguments))}}]

    def get(self, name, arguments, selection):
        known = {"tenant", "where", "limit", "after", "nearVector", "bm25", "hybrid"}
        self.only(arguments, known, f"field \"{name}\"")
        limit = arguments.get("limit", 10)
        if limit > self.store.maximum:
            raise Refusal(200, f"query maximum results exceeded: the limit '{limit}' exceeds the configured value for "
                               f"QUERY_MAXIMUM_RESULTS '{self.store.maximum}'")
        searches = arguments.keys() & {"nearVector", "bm25", "hybrid"}
        if len(searches) > 1 or ("after" in arguments and (searches or "where" in arguments)):
            raise Refusal(200, "cursor api: invalid 'after' parameter: other params cannot be set with after and limit "
                               "parameters")
        collection = self.store.collections[name]
        found = self.selected(name, arguments)
        if "nearVector" in arguments:
            ranked = self.near(collection, found, arguments["nearVector"], {"distance", "certainty"})
        elif "bm25" in arguments:
            self.only(arguments["bm25"], {"query", "properties"}, "bm25")
            ranked = self.bm25(collection, self.store.tenant(name, arguments["tenant"]), found, arguments["bm25"])
        elif "hybrid" in arguments:
            ranked = self.hybrid(name, collection, found, arguments)
        else:
            after = arguments.get("after")
            ranked = [(each, {}) for each in found if not after or uuid.UUID(each.id).int > uuid.UUID(after).int]
        return [self.shown(name, collection, each, more, selection) for each, more in ranked[:limit]]

    # MARK: Searches

    def near(self, collection, found, wanted, more):
        self.only(wanted, {"vector", "targetVectors"} | more, "nearVector")
        if wanted.get("targetVectors", [collection.vector_name]) != [collection.vector_name]:
            raise Refusal(200, f"collection does not have a target vector named {wanted['targetVectors']}")
        if not found:
            return []
        query = numpy.array(wanted["vector"], dtype=numpy.float32)
        vectors = numpy.array([each.vector for each in found])
        if vectors.shape[1] != len(query):
            raise Refusal(200, f"vector search: knn search: vector lengths don't match: {vectors.shape[1]} vs "
                               f"{len(query)}")
        if collection.distance == "l2-squared":
            distances = ((vectors - query) ** 2).sum(axis=1)
        elif collection.distance == "dot":
            distances = -(vectors @ query)
        else:
            lengths = numpy.linalg.norm(vectors, axis=1, keepdims=True)
            distances = 1 - (vectors / lengths) @ (query / numpy.linalg.norm(query))
        order = numpy.argsort(distances, kind="stable")
        ranked = [(found[place], {"distance": float(distances[place])}) for place in order]
        if "distance" in wanted:
            ranked = [each for each in ranked if each[1]["distance"] <= wanted["distance"]]
        return ranked

    def bm25(self, collection, everything, found, wanted):
        for property in (properties := wanted["properties"]):
            if not collection.properties.get(property, {}).get("indexSearchable"):
                raise Refusal(200, f"Property {property} is not searchable")
        words = {id(each): [word for property in properties
                            for word in collection.tokenized(property, each.properties.get(property, ""))]
                 for each in everything.values()}
        average = sum(map(len, words.values())) / max(1, sum(map(bool, words.values())))
        scores = []
        for each in found:
            counts, score = collections.Counter(words[id(each)]), 0
            for word in collection.tokenized(properties[0], wanted["query"]):
                if not counts[word]:
                    continue
                having = sum(word in other for other in words.values())
                rarity = math.log(1 + (len(words) - having + 0.5) / (having + 0.5))
                length = 1 - B + B * len(words[id(each)]) / average
                score += rarity * counts[word] * (K1 + 1) / (counts[word] + K1 * length)
            if score > 0:
                scores.append((each, {"score": str(score)}))
        return sorted(scores, key=lambda pair: -float(pair[1]["score"]))

    def hybrid(self, name, collection, found, arguments):
        wanted = arguments["hybrid"]
        self.only(wanted, {"query", "vector", "alpha", "fusionType", "properties", "targetVectors"}, "hybrid")
        if wanted.get("fusionType") != "rankedFusion" or not isinstance(wanted["fusionType"], Word):
            raise Refusal(200, "this peer fuses by rank")
        alpha = wanted.get("alpha", 0.75)
        near = {key: wanted[key] for key in ("vector", "targetVectors") if key in wanted}
        lists = [
            (alpha, self.near(collection, found, near, set())),
            (1 - alpha, self.bm25(collection, self.store.tenant(name, arguments["tenant"]), found, wanted)),
        ]
        depth, scores, objects = max(100, arguments.get("limit", 10)), collections.Counter(), {}
        for weight, ranked in lists:
            for place, (each, _) in enumerate(ranked[:depth]):
                scores[each.id] += weight / (60 + place)
                objects[each.id] = each
        return [(objects[key], {"score": str(score)}) for key, score in scores.most_common()]

    # MARK: Results

    def shown(self, name, collection, found, more, selection):
        result = {}
        for each in selection.selections:
            field = each.name.value
            if field == "_additional":
                result[field] = {}
                for wanted in each.selection_set.selections:
                    result[field][wanted.name.value] = self.additional(collection, found, more, wanted)
            elif field in collection.properties:
                result[field] = found.properties.get(field)
            else:
                raise Refusal(200, f"Cannot query field \"{field}\" on type \"{name}\".")
        return result

    @staticmethod
    def additional(collection, found, more, wanted):
        field = wanted.name.value
        if field == "id":
            return found.id
        if field in ("distance", "score"):
            return more.get(field)
        if field == "vectors" and [each.name.value for each in wanted.selection_set.selections] \
                == [collection.vector_name]:
            return {collection.vector_name: [float(x) for x in found.vector]}
        raise Refusal(200, f"Cannot query field \"{field}\" on type \"AdditionalProps\".")
