"""The desk in the browser: views, templates, static files; what a step does stands in `office.casework`."""
