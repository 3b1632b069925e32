"""Readers of the formats that IDs come in, in bounded memory: bytes in, a line of text for each record out.

A record is a row, a post or a line. What has no ID gives a line that is none, so that it is counted and rejected like a
line of a list; the line numbers in the rejects count records.
"""
