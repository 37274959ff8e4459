import unittest

from tests.shop import CUP, POT, TEA, order


class OrderTest(unittest.TestCase):
    def test_total_is_goods_less_discount_plus_shipping(self):
        one = order((TEA, 2), (CUP, 1), code="SPRING10")
        self.assertEqual(one.total(), 18_65 - 1_87 + 3_90)

    def test_a_large_order_is_sent_for_free(self):
        self.assertEqual(order((POT, 2)).shipping(), 0)

    def test_a_small_order_is_not(self):
        self.assertEqual(order((TEA, 1)).shipping(), 3_90)
