"""The view models: the sentences, numbers, figures and tables of each page, ready to draw."""
