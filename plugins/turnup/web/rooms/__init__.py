"""One file a room, each with its routes as `ROUTER`. A room is added by adding its file."""
