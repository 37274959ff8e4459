import unittest

from larkfield.export import orders_csv
from tests.shop import CUP, TEA, order


class ExportTest(unittest.TestCase):
    def test_one_row_per_order_by_number(self):
        rows = orders_csv([order((CUP, 1), number=8), order((TEA, 1), number=7)]).splitlines()
        self.assertEqual(rows[1:], ["7,2026-03-14,4.35,0.00,3.90,8.25", "8,2026-03-14,9.95,0.00,3.90,13.85"])

    def test_starts_with_the_columns(self):
        self.assertEqual(orders_csv([]), "number,placed,goods,discount,shipping,total\n")
