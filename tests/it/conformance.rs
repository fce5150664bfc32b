//! Against the files and oracles in RUSHES_DATA; says what it ran or skipped.
