"""What our services of the hub are called: those that hold a token and scopes of their own.

The hub's configuration lists them; who acts in the name of one finds it by the same name.
Plain strings, for they go into YAML and the hub's database.
"""

PEOPLE_SERVICE = "gpucommons-people"
"""The account commands: they look at people and sessions, and take them away."""
NOTICE_SERVICE = "gpucommons-notices"
"""The hub itself, telling sessions what is to come: a person's own tokens may be refused then."""
IDLE_SERVICE = "idle"
"""The idle culler: it looks at sessions, warns their people, and stops them. Its pages are at
``/services/idle/``."""
