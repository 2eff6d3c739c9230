"""The estate's official forms, printed as PDF with a font that has every character."""
