"""scripts/check finds what it is there for: a mistake is made, and must be told."""

import pathlib
import tempfile
import unittest

from support import hygiene, snippets
from support.shell import ROOT


class Checks(unittest.TestCase):
    def test_long_lines(self):
        """a long comment is told; a long string, which can't be broken, is not"""
        long = "x" * 120
        lines = [f"/// {long}", f'let text = "{long}"', 'let help = """', long, '    """', f"let {long} = 1"]
        with tempfile.NamedTemporaryFile("w", suffix=".swift", dir=ROOT / "Tests") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            told = list(hygiene.long_lines(pathlib.Path(file.name)))
        self.assertEqual([problem.split(":")[1] for problem in told], ["1", "6"])

    def test_manifest_lines(self):
        """a product or a trait that there is not is told"""
        root = {"name": "ours", "traits": [{"name": "SQLite"}], "products": [{"name": "StoresCore"}]}

        def told(trait, product):
            source = {"identity": "ours", "traits": [{"name": "default"}, {"name": trait}]}
            return list(snippets.unknown({
                "dependencies": [{"sourceControl": [source]}],
                "targets": [{"dependencies": [{"product": [product, "ours", None, None]}]}]}, root))

        self.assertEqual(told("SQLite", "StoresCore"), [])
        self.assertEqual(told("Sqlite", "StoresCor"), ["ours has no trait Sqlite", "ours has no product StoresCor"])
