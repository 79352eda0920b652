"""The cloud's half: flavors, aggregates, hosts, and proof on a real Nova."""
