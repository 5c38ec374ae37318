# What every server gets. `pillar.turnup` comes from the plan, that is, from NetBox: text that people type, so it is always
# written through `json`, never pasted.
{% set server = pillar['turnup'] %}

include:
  - network

/etc/motd:
  file.managed:
    - mode: '0644'
    - contents:
      - {{ (server['hostname'] ~ ', ' ~ server['role'] ~ ' at ' ~ server['site'] ~ ', rack ' ~ server['rack']) | json }}
      - {{ ('serial ' ~ server['serial'] ~ ', generation ' ~ server['generation'] ~ '; installed by turnup') | json }}

/etc/turnup:
  file.directory:
    - mode: '0755'

/etc/turnup/server.json:
  file.serialize:
    - serializer: json
    - dataset: {{ server | json }}
    - mode: '0644'
    - require:
      - file: /etc/turnup
