"""A cloud's Nova, Placement and Neutron: how they are asked, and what they answer."""
