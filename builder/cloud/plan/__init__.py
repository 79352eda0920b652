"""What images need of a cloud, for people, for programs, and as what an operator runs."""
