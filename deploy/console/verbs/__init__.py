"""The commands of ``stairs``: options in, one call, words out."""
