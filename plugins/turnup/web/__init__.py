"""turnup's pages and endpoints, mounted at `/turnup` in Airflow's API server. One file a room, in `rooms/`."""
