"""The REST doors: parse, one call, render."""
