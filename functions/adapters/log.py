"""The log of a function: JSON lines, each with the run that it is about."""

from aws_lambda_powertools import Logger

logger = Logger()
