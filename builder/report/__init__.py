"""A build's manifest for people and for CI: text, HTML, JUnit."""
