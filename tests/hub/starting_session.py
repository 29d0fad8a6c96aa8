"""A session that is never up."""

import threading

threading.Event().wait()
