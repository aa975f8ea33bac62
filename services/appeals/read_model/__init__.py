"""The question side: the list of appeals in scope, and the cases that this service has heard of."""
