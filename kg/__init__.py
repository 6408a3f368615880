"""The knowledge graph: model, names, settings, store, queries. Imports neither `ingest` nor `search_api`."""
