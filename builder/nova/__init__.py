"""All that is known of Nova: its vocabulary, its conflicts, the hardware that it gives."""
