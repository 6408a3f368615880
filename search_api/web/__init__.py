"""The pages: HTML for people, rendered on the server from `search_api/templates` (docs/pages.md)."""
