"""What `kerasdemo.quiz` asks with: texts, their rules, judging, forms on the page, the record."""
