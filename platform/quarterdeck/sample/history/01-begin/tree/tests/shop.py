"""Three products."""
from larkfield.catalog import Product

TEA = Product("T-100", "Meadow tea", 4_35, 0.125)
POT = Product("P-210", "Stone teapot", 32_90, 1.2)
CUP = Product("C-015", "Stone cup", 9_95, 0.31)
