"""How all parts write and read names, amounts, moments and YAML."""
