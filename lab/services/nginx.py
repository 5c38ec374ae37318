"""nginx: boot scripts and images for the servers, and the front of NetBox for people.

Its workers run as root because the checkout may lie where no other account may look.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab import configuration, paths
from lab.datacenter import BOOT_PORT, SERVICES_ADDRESS
from lab.ports import answers, port
from lab.supervisor import Program

NAME = "nginx"
NETBOX_SOCKET = paths.SOCKETS / "netbox.sock"
ACCESS_LOG = paths.LOG / "nginx-access.log"  # which server fetched what: an image that was not fetched is not here
_CONFIG, _VAR = paths.ETC / "nginx.conf", paths.VAR / "nginx"

_TEMPLATE = """\
user root;
worker_processes 1;
daemon off;
pid {run}/nginx.pid;
error_log stderr;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {var}/body;
    proxy_temp_path {var}/proxy;
    fastcgi_temp_path {var}/fastcgi;
    uwsgi_temp_path {var}/uwsgi;
    scgi_temp_path {var}/scgi;
    types {{ text/html html; text/css css; application/javascript js mjs; image/svg+xml svg; image/png png; font/woff2 woff2; }}
    default_type application/octet-stream;
    server_tokens off;
    sendfile on;

    server {{
        listen {services}:{boot_port};
        root {www};
        access_log {access_log};
        location ~ "^/boot/[0-9a-f]{{2}}([:-][0-9a-f]{{2}}){{5}}[.]ipxe$" {{
            default_type text/plain;
            add_header Cache-Control no-store;
        }}
        location /boot/ {{ return 404; }}
        location /images/ {{ if ($http_x_lab_missing) {{ return 404; }} }}
        location / {{ return 404; }}
    }}

    server {{
        listen 127.0.0.1:{netbox_port};
        client_max_body_size 25m;
        access_log {netbox_log};
        location /static/ {{ alias {static}/; access_log off; }}
        location / {{
            proxy_pass http://unix:{netbox_socket};
            proxy_read_timeout 120s;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Real-IP $remote_addr;
        }}
    }}
}}
"""


def configure() -> None:
    """Write its configuration."""
    for folder in (_VAR, paths.BOOT, paths.IMAGES):
        folder.mkdir(parents=True, exist_ok=True)
    text = _TEMPLATE.format(
        run=paths.RUN,
        var=_VAR,
        access_log=ACCESS_LOG,
        netbox_log=paths.LOG / "netbox-access.log",
        services=SERVICES_ADDRESS,
        boot_port=BOOT_PORT,
        www=paths.BOOT.parent,
        netbox_port=port("netbox"),
        netbox_socket=NETBOX_SOCKET,
        static=paths.VAR / "netbox" / "static",
    )
    configuration.write(_CONFIG, text)


def programs() -> Sequence[Program]:
    """Its processes, in the order in which they start."""
    command = ["nginx", "-c", str(_CONFIG), "-p", str(_VAR), "-e", "stderr"]
    return [Program(NAME, command, {"LAB_CONFIG": configuration.digest(_CONFIG)}, stop_group=False)]


def url() -> str:
    """Where it answers."""
    return f"http://{SERVICES_ADDRESS}:{BOOT_PORT}/boot/"


def ready() -> bool:
    """Whether it answers."""
    return answers(BOOT_PORT, str(SERVICES_ADDRESS))
