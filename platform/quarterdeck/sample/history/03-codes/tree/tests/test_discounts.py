import unittest

from larkfield.discounts import Discount, find


class DiscountTest(unittest.TestCase):
    def test_takes_a_percentage(self):
        self.assertEqual(find("spring10").of(18_65), 1_87)

    def test_waits_for_the_least_subtotal(self):
        self.assertEqual(find("FIVER").of(24_99), 0)
        self.assertEqual(find("FIVER").of(25_00), 5_00)

    def test_never_goes_below_nothing(self):
        self.assertEqual(Discount(amount=9_00).of(4_00), 4_00)

    def test_refuses_an_unknown_code(self):
        with self.assertRaises(ValueError):
            find("SUMMER")
