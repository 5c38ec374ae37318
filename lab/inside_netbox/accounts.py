"""Makes NetBox's accounts from JSON on standard input: `python -m lab.inside_netbox.accounts`.

`{"users": {name: password}, "tokens": [{"user", "key", "secret"}]}`; a password of null is one nobody can log in with.
"""

import json
import os
import sys

import django  # type: ignore[import-not-found, unused-ignore]

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "netbox.settings"
    django.setup()
    from users.models import Token, User  # type: ignore[import-not-found, unused-ignore]  # after setup()

    wanted = json.load(sys.stdin)
    for name, password in wanted["users"].items():
        user, _ = User.objects.get_or_create(username=name)
        user.is_superuser = True
        user.set_password(password)
        user.save()
    for token in wanted["tokens"]:
        if not Token.objects.filter(key=token["key"]).exists():
            owner = User.objects.get(username=token["user"])
            Token(user=owner, version=2, key=token["key"], token=token["secret"], description="the lab's").save()
