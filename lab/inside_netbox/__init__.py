"""What runs inside NetBox's environment, with Django, and not in the lab's own."""
