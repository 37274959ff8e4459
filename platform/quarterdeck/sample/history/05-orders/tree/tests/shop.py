"""Three products and a way to order them."""
from datetime import date

from larkfield.cart import Cart
from larkfield.catalog import Product
from larkfield.orders import Order

TEA = Product("T-100", "Meadow tea", 4_35, 0.125)
POT = Product("P-210", "Stone teapot", 32_90, 1.2)
CUP = Product("C-015", "Stone cup", 9_95, 0.31)


def order(*lines: tuple[Product, int], number: int = 1, placed: date = date(2026, 3, 14), code: str = "", **more) -> Order:
    cart = Cart()
    for product, count in lines:
        cart.add(product, count)
    return Order(number, cart, placed, code=code, **more)
