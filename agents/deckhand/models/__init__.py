"""How the agent asks a model, and the twin that answers by script."""
