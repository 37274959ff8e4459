import unittest

from larkfield.slugs import slug


class SlugTest(unittest.TestCase):
    def test_joins_words_by_a_dash(self):
        self.assertEqual(slug("Stone teapot (large)"), "stone-teapot-large")

    def test_never_ends_with_a_dash_when_cut(self):
        self.assertEqual(slug("a" * 59 + " b"), "a" * 59)
