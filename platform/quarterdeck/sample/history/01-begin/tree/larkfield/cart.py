"""What a customer is about to buy."""
from dataclasses import dataclass, field

from larkfield.catalog import Product


@dataclass(frozen=True)
class Line:
    product: Product
    count: int

    def total(self) -> int:
        return self.product.price * self.count

    def grams(self) -> int:
        return self.product.grams * self.count


@dataclass
class Cart:
    lines: list[Line] = field(default_factory=list)

    def add(self, product: Product, count: int = 1) -> None:
        """Puts a product in; a second time raises its count. Raises ValueError for a count below one."""
        if count < 1:
            raise ValueError("a count starts at one")
        for place, line in enumerate(self.lines):
            if line.product.sku == product.sku:
                self.lines[place] = Line(product, line.count + count)
                return
        self.lines.append(Line(product, count))

    def subtotal(self) -> int:
        return sum(line.total() for line in self.lines)

    def grams(self) -> int:
        return sum(line.grams() for line in self.lines)
