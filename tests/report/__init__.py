"""Tests of the control surface."""
