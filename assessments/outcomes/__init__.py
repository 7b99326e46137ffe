"""Outcome measures: what is asked again and again, how it is scored, and which change matters.

``instrument``, ``score``, ``meaning``, ``schedule`` and ``sheet`` are pure; ``install``, ``actions`` and ``readers``
deal with rows.
"""
