"""How it goes: the form for people, the page for administrators."""
