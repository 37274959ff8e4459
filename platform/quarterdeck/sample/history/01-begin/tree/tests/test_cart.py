import unittest

from larkfield.cart import Cart
from tests.shop import CUP, TEA


class CartTest(unittest.TestCase):
    def test_adds_up(self):
        cart = Cart()
        cart.add(TEA, 2)
        cart.add(CUP)
        self.assertEqual(cart.subtotal(), 18_65)

    def test_the_same_product_twice_is_one_line(self):
        cart = Cart()
        cart.add(TEA)
        cart.add(TEA, 2)
        self.assertEqual([line.count for line in cart.lines], [3])

    def test_refuses_a_count_of_zero(self):
        with self.assertRaises(ValueError):
            Cart().add(TEA, 0)
