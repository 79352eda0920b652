"""Would a cloud honour an image? What it has, and a judgement of it."""
