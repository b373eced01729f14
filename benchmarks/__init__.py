"""Measurements, one command each. Imports the product, the model and the corpus; nobody imports it but the tests."""
