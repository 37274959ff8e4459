import unittest

from larkfield.shipping import Delivery, fee


class ShippingTest(unittest.TestCase):
    def test_one_kilogram_costs_the_first_fee(self):
        self.assertEqual(fee(Delivery("home"), 1000), 3_90)

    def test_each_further_kilogram_that_is_begun_costs_more(self):
        self.assertEqual(fee(Delivery("union"), 2001), 8_50 + 2 * 2_10)

    def test_refuses_an_unknown_zone(self):
        with self.assertRaises(ValueError):
            fee(Delivery("moon"), 100)

    def test_refuses_what_nobody_carries(self):
        with self.assertRaises(ValueError):
            fee(Delivery("home"), 30_001)
