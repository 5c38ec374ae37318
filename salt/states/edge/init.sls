# What a server of the role `edge` gets on top of `common`: nginx, which answers with the server's name, and /healthz for the
# load balancers. An image that has nginx already needs no package.
{% if not salt['cmd.which']('nginx') %}
nginx-package:
  pkg.installed:
    - name: nginx-light
    - require_in:
      - file: /etc/nginx/nginx.conf
{% endif %}

/etc/turnup/role:
  file.managed:
    - contents: edge
    - mode: '0644'

/srv/edge:
  file.directory:
    - mode: '0755'

/etc/nginx/nginx.conf:
  file.managed:
    - source: salt://edge/files/nginx.conf
    - template: jinja
    - makedirs: True
    - mode: '0644'
    - check_cmd: nginx -t -q -c

nginx:
  service.running:
    - enable: True
    - reload: True
    - require:
      - file: /srv/edge
    - watch:
      - file: /etc/nginx/nginx.conf
