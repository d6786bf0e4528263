"""What a page is asked to show: the link and the widgets that say the same."""
