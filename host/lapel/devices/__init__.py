"""Everything done to a pin: pair, list, revoke."""
