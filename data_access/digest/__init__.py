"""The digest: what each person should hear, worked out from the history and sent."""
