"""From files to statements: reading, sectioning, extracting, validating, storing."""
