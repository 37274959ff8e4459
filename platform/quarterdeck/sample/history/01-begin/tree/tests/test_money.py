import unittest

from larkfield.money import cents, percent_of, to_text


class MoneyTest(unittest.TestCase):
    def test_reads_what_a_person_writes(self):
        self.assertEqual(cents(" 1,234.5 "), 123450)

    def test_rounds_a_half_cent_up(self):
        self.assertEqual(cents("0.125"), 13)
        self.assertEqual(percent_of(4_35, 10), 44)

    def test_shows_two_places_and_thousands(self):
        self.assertEqual(to_text(123450), "1,234.50")
        self.assertEqual(to_text(-5), "-0.05")
