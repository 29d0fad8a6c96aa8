"""Who somebody is: account, groups and connector, from verified claims."""
