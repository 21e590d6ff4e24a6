"""The relay's own page: a pin in the browser, and everything the owner may see and set."""
