"""The pure merge of a profile and its features."""
