"""Tests of the web app's page in a real browser; a package, so that its conftest.py is another than that of tests."""
