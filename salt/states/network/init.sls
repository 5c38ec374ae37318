# The server's IPv6 addresses: those that NetBox gave, set on the interface that has the MAC of the plan. Its IPv4 address comes
# from DHCP. The default route comes from router advertisements. For systems with ifupdown, Debian's own; the address is set at
# once, without touching the interface that this very run came in by, and from the file at the next start.
{% set network = pillar['turnup'].get('network', {}) %}
{% set ipv6 = [] %}
{% for address in network.get('addresses', []) if ':' in address %}{% do ipv6.append(address) %}{% endfor %}
{% set ports = [] %}
{% for name, mac in grains.get('hwaddr_interfaces', {}) | dictsort if mac | lower == network.get('mac') %}
{% do ports.append(name) %}
{% endfor %}
{% set port = network.get('interface') if network.get('interface') in ports else ports | first | default('', true) %}

{% if ipv6 and not port %}
no-such-nic:
  test.fail_without_changes:
    - name: {{ ('no interface of this server has the MAC ' ~ network.get('mac')) | json }}
{% elif ipv6 %}
/etc/network/interfaces.d/turnup:
  file.managed:
    - makedirs: true
    - mode: '0644'
    - contents:
      - "# Written by Salt: the addresses that NetBox has."
      - {{ ('auto ' ~ port) | json }}
{% for address in ipv6 %}
      - {{ ('iface ' ~ port ~ ' inet6 static') | json }}
      - {{ ('    address ' ~ address) | json }}
      - "    accept_ra 1"
      - "    autoconf 0"
{% endfor %}
{% for address in ipv6 %}

{{ ('ipv6 ' ~ address) | json }}:
  turnup_network.address:
    - name: {{ address | json }}
    - dev: {{ port | json }}
{% endfor %}
{% endif %}
