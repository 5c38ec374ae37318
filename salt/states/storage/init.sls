# What a server of the role `storage` gets on top of `common`.
/etc/turnup/role:
  file.managed:
    - contents: storage
    - mode: '0644'

/srv/storage:
  file.directory:
    - mode: '0750'
