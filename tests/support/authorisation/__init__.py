"""The matrix of all operations × roles × scopes × what they name: what is expected, and where it is asked."""
