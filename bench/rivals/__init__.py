"""Pages of the same content, written in other ways: what the dashboard is measured against."""
