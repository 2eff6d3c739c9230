"""The helper on a clerk's PC: a card held to a PC/SC desk reader lands on the page that is open there."""
