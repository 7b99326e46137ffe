"""A provider to try things out with and to test against: SMTP, the JSON gateway for text messages, and Web Push.

It runs as a process of its own, knows nothing of the product, takes everything down, and misbehaves when told to.
"""
