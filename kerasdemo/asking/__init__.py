"""What `kerasdemo.quiz` asks with: the texts of its questions, and the menu below them."""
