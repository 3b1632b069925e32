"""Looks at a deployment from outside: is all there that it needs, and may it do its work?"""
