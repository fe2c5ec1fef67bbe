"""What the realms of a host take on its disk: gathered, counted, and what pruning would free."""
