"""Who is let in, and what each person may see."""
