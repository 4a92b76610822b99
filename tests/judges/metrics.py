#!/usr/bin/python3
"""Reads metrics from standard input with the parser of Prometheus' own client for Python.

    metrics.py <TEXT

Prints one JSON array: for each sample its name, its labels, its value as text, and the type of the
family that it belongs to. What the parser does not take is its complaint, and exit code 1.
"""
import json
import sys

from prometheus_client.parser import text_string_to_metric_families

samples = []
for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        samples.append([sample.name, sample.labels, repr(sample.value), family.type])
json.dump(samples, sys.stdout)
