import unittest

from larkfield.refunds import refund_of
from tests.shop import CUP, POT, TEA, order


class RefundTest(unittest.TestCase):
    def test_without_a_code_the_price_comes_back(self):
        self.assertEqual(refund_of(order((TEA, 2), (CUP, 1)), ["T-100"]), 8_70)

    def test_a_sku_named_twice_counts_once(self):
        self.assertEqual(refund_of(order((TEA, 2), (CUP, 1)), ["T-100", "T-100"]), 8_70)

    def test_refuses_what_was_not_bought(self):
        with self.assertRaises(ValueError):
            refund_of(order((TEA, 1)), ["P-210"])

    def test_whoever_sends_back_everything_gets_back_everything(self):
        one = order((TEA, 1), (POT, 1), (CUP, 1), code="SPRING10")
        self.assertEqual(refund_of(one, ["T-100", "P-210", "C-015"]), one.goods())
