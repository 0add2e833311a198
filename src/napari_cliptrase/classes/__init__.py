"""Prompts: phrases, prompt sets and their text form, class tables, colours, class scores. No torch, no Qt."""
