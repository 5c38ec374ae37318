"""Where the lab's notices arrive: a chat's incoming webhook and a mail server in one small program, and a page of both."""
