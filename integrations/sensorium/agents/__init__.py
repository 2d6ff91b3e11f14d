"""What every agent framework needs of a memory, without any of the frameworks.

- `arguments` describes the tools to a model; `limits` bounds what it may send and is shown.
- `signals` makes percepts of what a model or a program sends.
- `showing` turns a memory's media into pictures and sounds; `wording` writes memories and errors.
- `times` reads ages; `written_times` reads times and ages as arguments of a tool.
- `widening` searches until an adapter has found enough.
- `opening` closes what was opened; `threads` makes asynchronous twins of methods.
"""
