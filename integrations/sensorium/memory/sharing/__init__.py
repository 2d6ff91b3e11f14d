"""Who else may read an owner's memories: given, ended, and kept where the memories are."""
