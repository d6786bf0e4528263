"""Names that charts have to bear."""

HOSTILE = ['<a href="http://evil.example">x</a>', "<b>x</b>", "x" * 300, "line\nbreak", "🎉" * 300]
