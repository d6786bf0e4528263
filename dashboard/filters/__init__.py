"""What a page is asked to show: link parameters, the filters of each page, and their widgets."""
