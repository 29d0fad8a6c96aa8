"""How a session's server is started, also where its person's settings would keep it from that."""
