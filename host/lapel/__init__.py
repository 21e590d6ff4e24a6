"""Lapel, the home side: relay, speech, assistant, cards, and everything done to a pin."""
