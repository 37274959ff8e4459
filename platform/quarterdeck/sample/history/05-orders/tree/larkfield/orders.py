"""An order and what it costs."""
from dataclasses import dataclass, field
from datetime import date

from larkfield import discounts
from larkfield.cart import Cart
from larkfield.shipping import Delivery, fee

FREE_FROM = 50_00


@dataclass
class Order:
    number: int
    cart: Cart
    placed: date
    delivery: Delivery = field(default_factory=Delivery)
    code: str = ""

    def discount(self) -> int:
        return discounts.find(self.code).of(self.cart.subtotal())

    def goods(self) -> int:
        """What the customer pays for the goods alone."""
        return self.cart.subtotal() - self.discount()

    def shipping(self) -> int:
        """The fee in cents; nothing for an order that is large enough."""
        if self.cart.subtotal() >= FREE_FROM:
            return 0
        return fee(self.delivery, self.cart.grams())

    def total(self) -> int:
        return self.goods() + self.shipping()
