"""How every service reads its rulebooks: YAML per administration year, laid over the year it extends."""
