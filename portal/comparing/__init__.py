"""Two forums side by side, each as far as its reader may see it."""
