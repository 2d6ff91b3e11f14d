"""Documents, mail and chats: text in stretches, each with its place: page, message, seconds."""
