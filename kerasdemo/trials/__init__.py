"""What `kerasdemo.capstone` tries two functions with: values, types, graphs, memory, order."""
