"""Where the pin's letters come from: Hershey's simplex strokes, composed accents, a few own signs."""
