"""The published language: what crosses a service border, and nothing that a service merely stores."""
