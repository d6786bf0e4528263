"""What pages stand on, and what keeps it fresh."""
