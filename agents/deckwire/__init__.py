"""The typed messages between the platform and its agents. The only room with a key on both sides."""
