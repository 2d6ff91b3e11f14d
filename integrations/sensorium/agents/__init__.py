"""What every agent framework needs of a memory, without any of the frameworks.

`arguments` describes remember and recall to a model, `signals` makes percepts of what a model or a
message holds, `showing` turns a memory's media into pictures and sounds, `wording` writes memories
and errors for a model, `times` reads ages, `limits` bounds sizes, and `opening` opens and closes.
"""
