"""The parts of a page that several pages draw."""
