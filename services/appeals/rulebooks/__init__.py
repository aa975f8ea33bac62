"""What the guides of a year say of appeals, as data; ``library`` reads it and refuses to start on a fault."""
