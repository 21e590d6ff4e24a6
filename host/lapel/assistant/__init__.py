"""From a question to an answer: skills that need no model first, then the language model."""
