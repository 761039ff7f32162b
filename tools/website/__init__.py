"""The lessons as web pages that need no kernel; tools/make_site.py puts the parts together."""
