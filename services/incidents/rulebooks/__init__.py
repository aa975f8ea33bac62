"""The rules as data: YAML files per administration year, and the loader that lets no fault through."""
