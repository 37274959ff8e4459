"""What a model may do to the checkout, and how it is kept within bounds."""
