"""turnup installs and decommissions data-center servers: Airflow runs the process, NetBox holds the facts.

`domain` decides, `flow` says in which order, `ports` names what a step may ask for, `adapters` speak to the outside,
`orchestration` hangs it all into Airflow. Imports run in that order, one way.
"""
