"""What each page shows, ready to draw; one file a page, under the same name as its screen."""
