"""The borders of the published language: their events in, our facts out."""
