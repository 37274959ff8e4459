import unittest

from larkfield.invoice import WIDTH, invoice
from tests.shop import CUP, TEA, order


class InvoiceTest(unittest.TestCase):
    def test_every_amount_stands_at_the_right_edge(self):
        rows = [line for line in invoice(order((TEA, 2), (CUP, 1))).splitlines() if line.endswith("EUR")]
        self.assertEqual({len(line) for line in rows}, {WIDTH})

    def test_names_the_code(self):
        self.assertRegex(invoice(order((CUP, 2), code="spring10")), r"Code SPRING10 +-1\.99 EUR")
