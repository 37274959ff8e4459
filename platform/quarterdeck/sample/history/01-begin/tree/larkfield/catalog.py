"""Products, and the lines of the product feed that price comparison sites read."""
from dataclasses import dataclass

from larkfield.slugs import slug


@dataclass(frozen=True)
class Product:
    """`price` is in cents. `weight_kg` is what the supplier's sheet says."""

    sku: str
    name: str
    price: int
    weight_kg: float

    @property
    def grams(self) -> int:
        return int(self.weight_kg * 1000)

    @property
    def address(self) -> str:
        return f"/products/{slug(self.name)}"


class Catalog:
    def __init__(self, products: list[Product]) -> None:
        self._by_sku = {product.sku: product for product in products}

    def __len__(self) -> int:
        return len(self._by_sku)

    def find(self, sku: str) -> Product:
        """Raises KeyError for an unknown sku."""
        return self._by_sku[sku]

    def search(self, words: str) -> list[Product]:
        wanted = words.casefold().split()
        return [p for p in self._by_sku.values() if all(word in p.name.casefold() for word in wanted)]

    def feed(self) -> list[str]:
        """One line per product, by sku: what the comparison sites fetch every night."""
        return [feed_line(self._by_sku[sku]) for sku in sorted(self._by_sku)]


def feed_line(product: Product) -> str:
    price = str(product.price / 100)
    return f"{product.sku};{product.name};{price} EUR;{product.address}"
