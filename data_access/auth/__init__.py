"""Sign-in: the credentials that give a token for Partner Center."""
