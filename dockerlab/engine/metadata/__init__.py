"""What is known of images, layers and containers, in SQLite."""
