"""The lessons as files: where they lie, what their headers say, copies of them, and their runs.

A notebook is read as the JSON that it is, so that nothing here needs Jupyter but `running`.
"""
