"""Data, training and evaluation of the model. Imports `inference`; nobody imports it."""
