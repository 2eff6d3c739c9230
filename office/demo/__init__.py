"""A demonstration estate: made-up people in made-up homes, the same at every run of one seed."""
