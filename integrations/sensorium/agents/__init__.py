"""What every agent framework needs of a memory, without any of the frameworks.

- `arguments` describes the tools to a model; `limits` bounds what it may send and is shown.
- `signals` makes percepts of what a model or a program sends.
- `showing` turns a memory's media into pictures and sounds; `wording` writes memories and errors.
- `ages` reads ages; `time_arguments` reads times and ages as arguments of a tool.
- `episodes` describes the tool that lists episodes, and writes a line for each.
- `escaping` writes what memories hold so that it cannot be taken for a line of an answer.
- `chronicle` describes and answers the tool `when`: first, last, how often, what held before.
- `origins` says whose words an adapter keeps, where nothing else says it.
- `widening` searches until an adapter has found enough.
- `grants` knows the tokens of clients, each with an owner and rights; `owners` opens the memories
  of many owners in one place.
- `opening` closes what was opened; `threads` makes asynchronous twins of methods.
"""
