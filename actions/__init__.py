"""The action server: what Allobot knows and decides. Thin actions; the work is in the packages."""
