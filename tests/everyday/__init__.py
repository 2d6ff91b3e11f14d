"""A memory of everyday photos, sounds and notes, and what people ask it, in five languages.

The lists were written before any question was asked. The photos and sounds that were asked for, and
the notes (three of each question's language, two of others), were drawn by lot.
"""
