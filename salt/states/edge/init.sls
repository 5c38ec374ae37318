# What a server of the role `edge` gets on top of `common`.
/etc/turnup/role:
  file.managed:
    - contents: edge
    - mode: '0644'

/srv/edge:
  file.directory:
    - mode: '0755'
