"""Programs of the build; no part of what is shipped."""
