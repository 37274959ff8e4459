import unittest

from larkfield.catalog import Catalog
from tests.shop import CUP, POT, TEA


class CatalogTest(unittest.TestCase):
    def setUp(self):
        self.catalog = Catalog([TEA, POT, CUP])

    def test_finds_by_sku(self):
        self.assertEqual(self.catalog.find("P-210"), POT)

    def test_searches_in_names_whatever_the_case(self):
        self.assertEqual(self.catalog.search("STONE"), [POT, CUP])

    def test_feed_is_sorted_by_sku(self):
        self.assertEqual([line.split(";")[0] for line in self.catalog.feed()], ["C-015", "P-210", "T-100"])

    def test_feed_line_carries_the_address(self):
        self.assertTrue(self.catalog.feed()[1].endswith(";/products/stone-teapot"))
